"""The ledger and its only writer, the counters of budgets, and their limits.

Not here: figures for people (reports), prices as rows (models/prices).
"""
