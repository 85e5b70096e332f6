"""What people fill in: one form for an order, one for a price, shared by the admin and the commands.

Not here: what an order may be (providers/menu), what it costs (money), pages (admin).
"""
