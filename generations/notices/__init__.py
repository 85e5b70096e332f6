"""Who is told what: deriving notices from rows, digests by e-mail, and signed webhooks to other programs.

A scheduled job reads what happened from rows that are written anyway, so nothing here slows an order down.
"""
