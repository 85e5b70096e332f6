"""Figures for people, read from the ledger and the tasks, and their export as CSV and XLSX.

Nothing here writes a row.
"""
