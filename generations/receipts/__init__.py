"""Check an order before money is spent: a receipt with its cost, problems and warnings, shown and signed.

No order is written here: lifecycle/ordering does that.
"""
