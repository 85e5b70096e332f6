"""What becomes of a stored clip: it is approved or rejected.

Not here: how it was made and stored (lifecycle), the pages that show it (catalog, admin).
"""
