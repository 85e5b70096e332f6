"""Parse the Range header of RFC 9110, for one range of bytes."""

from __future__ import annotations

import re

# Fifteen digits are a petabyte: no player requests more.
ONE_RANGE = re.compile(r"bytes=[ \t]*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))[ \t]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range is well formed, but outside of the file."""


def parse_range(header: str, size: int) -> range | None:
    """Return the bytes that a Range header asks for; None to ignore a malformed header or several ranges.

    RFC 9110, 14.2, allows the complete file as an answer to both. Raises: Unsatisfiable.
    """
    found = ONE_RANGE.fullmatch(header)
    if not found:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        if last and int(last) < int(first):
            return None
        start, stop = int(first), min(int(last) + 1, size) if last else size
    if start >= stop:
        raise Unsatisfiable
    return range(start, stop)
