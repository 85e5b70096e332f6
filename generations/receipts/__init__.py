"""Before the money is spent: what an order costs, what stands against it, what a person was shown, signed.

Nothing here writes an order: lifecycle/ordering does.
"""
