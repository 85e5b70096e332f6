"""Damaged files of the right form: what each step of the verification is there to find."""

from __future__ import annotations

from functools import cache

from tests.clips import boxes
from tests.corpus import damaged_inside

HOLE_BYTES = 64


def cut_short(data: bytes) -> bytes:
    """The index is in front, and the rest never came."""
    return data[: len(data) * 6 // 10]


def with_hole(data: bytes) -> bytes:
    """Zeros in a unit that shows no picture: every decoder passes over them."""
    start = next(start for kind, start, _ in boxes(data) if kind == b"mdat") + 24
    return data[:start] + bytes(HOLE_BYTES) + data[start + HOLE_BYTES :]


def damaged_late(data: bytes) -> bytes:
    """Other bytes in a frame that only the late decoding reaches; after the clip stands a box with its own name."""
    length = next(end for kind, _, end in boxes(data) if kind == b"mdat")
    return _damaged(data[:length]) + data[length:]


@cache
def _damaged(clip: bytes) -> bytes:
    return damaged_inside(clip)
