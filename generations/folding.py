"""Fold texts, so that a search finds a word however it is written: "Été" is found by "ete"."""

from __future__ import annotations

import unicodedata


def fold(*texts: str) -> str:
    """Return the words of texts in a form to compare: no case, no marks, letters and digits only, single spaces."""
    flat = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    # Once more, as folding the case may make letters with marks.
    marks = (each for each in unicodedata.normalize("NFKD", flat) if not unicodedata.combining(each))
    return " ".join("".join(each if each.isalnum() else " " for each in marks).split())
