"""Receipts: what an order costs and what stands against it, checked before money is spent, shown, and signed.

Nothing here writes an order: lifecycle/ordering does.
"""
