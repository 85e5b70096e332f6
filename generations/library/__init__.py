"""Decide what becomes of a stored clip: rate it, approve or reject it, publish it, share it.

Not here: how it was made and stored (lifecycle), the pages that show it (catalog, admin).
"""
