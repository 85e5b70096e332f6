"""A provider that does what providers should not: it drops, cuts, hangs, lies and repeats, by script or by dice.

`faults.py` says what goes wrong, `journal.py` is what the provider knows of itself, and `server.py` speaks the APIs of
APIXO and Apikley over HTTP. Nothing here is shared with the product or with the practice provider.
"""
