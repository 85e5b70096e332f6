"""The judge: compares the rows by SQL, the files' own bytes and the provider's journal, never the product's word.

`database.py` reads the rows, `rules.py` holds what must be true of every site at every moment or at rest, and
`cases.py` what must be true of a process that was killed. Nothing of the product is imported: what a hold is, which
moves are allowed and which file belongs to which order is written down once more, as the judge understands it.
"""
