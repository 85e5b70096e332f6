"""Write the ledger, count budgets and check their limits.

Not here: figures for people (reports), prices as rows (models/prices).
"""
