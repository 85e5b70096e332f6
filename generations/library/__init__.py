"""Decide what becomes of a stored clip: approve or reject it.

Not here: how it was made and stored (lifecycle), the pages that show it (catalog, admin).
"""
