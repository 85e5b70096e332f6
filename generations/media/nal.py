"""Check the units of which H.264 and H.265 samples consist, without decoding: most lost or foreign bytes break them.

Lengths: ISO/IEC 14496-15 (5.3.2, 8.3.2). Units: ITU-T H.264 and H.265, 7.3.1 and 7.4.1 (Table 7-1).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generations.media.mp4 import NotAVideo

# Inside a unit, two zero bytes are followed by a 3, which the encoder inserts, or by a larger byte.
FORBIDDEN = re.compile(rb"\0\0[\0-\2]")
# Readable text of this length with a mark of HTML, XML or JSON is no picture: a proxy's page got into the file.
TEXT_BYTES = 64
TEXT = re.compile(rb"[\t\n\r -~]{%d,}" % TEXT_BYTES)
MARKUP = re.compile(rb"<[A-Za-z!/?]|\"\s*:")
READABLE = bytes(value in b"\t\n\r" or 32 <= value < 127 for value in range(256))
DAMAGED = NotAVideo("a part of its picture is damaged or missing")
# slice_type, after first_mb_in_slice = 0: all slices of the picture are I, or this one is.
ALL_INTRA, THIS_INTRA = 0x88, 0xB


@dataclass(frozen=True, slots=True)
class _Codec:
    """What one standard says of its units' first bytes."""

    header_bytes: int
    kind: Callable[[int], int]  # of a unit, by its first byte
    kinds: frozenset[int]
    pictures: frozenset[int]
    keys: frozenset[int]  # pictures that a decoder can start with


H264 = _Codec(
    1, lambda first: first & 0x1F, frozenset({*range(1, 17), 19, 20, 21}), frozenset(range(1, 6)), frozenset({5})
)
# 62 and 63 are left to others by the standard, and Dolby Vision uses them.
H265 = _Codec(
    2,
    lambda first: first >> 1,
    frozenset({*range(10), *range(16, 22), *range(32, 41), 62, 63}),
    frozenset({*range(10), *range(16, 22)}),
    frozenset(range(16, 22)),
)


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """Checks the samples of one track; `length_bytes` are those before each unit."""

    codec: _Codec
    length_bytes: int

    @classmethod
    def of(cls, codec: str, setup: bytes) -> "SampleCheck | None":
        """Return the check for a codec of FFmpeg's with its avcC or hvcC, or None for a codec without such units.

        Raises: NotAVideo when the setup is no such box's content.
        """
        rules, at = {"h264": (H264, 4), "hevc": (H265, 21)}.get(codec, (None, 0))
        if rules is None:
            return None
        if len(setup) <= at or setup[0] != 1:
            raise NotAVideo("a table of its index is missing")
        return cls(rules, (setup[at] & 3) + 1)

    def check(self, sample: bytes) -> bool:
        """Check a sample to its last byte; return whether it is a picture that a decoder can start with.

        Raises: NotAVideo when a length, a unit's type or one of its bytes cannot be.
        """
        codec, has_picture, is_key = self.codec, False, False
        for start, end in self._units(sample):
            first = sample[start]
            kind = codec.kind(first)
            if first & 0x80 or kind not in codec.kinds or not sample[end - 1]:
                raise DAMAGED
            if codec is H265 and not sample[start + 1] & 7:  # nuh_temporal_id_plus1
                raise DAMAGED
            if FORBIDDEN.search(sample, start, end):
                raise DAMAGED
            if kind in codec.pictures:
                refuse_text(sample[start:end])
                is_key = (
                    is_key or kind in codec.keys or (codec is H264 and not has_picture and _is_intra(sample, start))
                )
                has_picture = True
        if not has_picture:
            raise DAMAGED
        return is_key

    def _units(self, sample: bytes) -> Iterator[tuple[int, int]]:
        """Yield where each unit starts and ends. Raises: NotAVideo when one does not fit, or bytes are left over."""
        at, size = 0, len(sample)
        while at < size:
            start = at + self.length_bytes
            at = start + int.from_bytes(sample[at:start], "big")
            if not start + self.codec.header_bytes < at <= size:
                raise DAMAGED
            yield start, at


def _is_intra(sample: bytes, start: int) -> bool:
    """Return whether an H.264 picture needs no other: in an open GOP such a one begins the group."""
    second = sample[start + 1]
    return second == ALL_INTRA or second >> 4 == THIS_INTRA


def refuse_text(data: bytes) -> None:
    """Raises: NotAVideo when compressed pictures contain a page."""
    # Translated first: searching all bytes for the pattern itself takes twenty times as long. Before that, only each
    # fourth byte: random ones are seldom readable 16 times in a row.
    if b"\1" * (TEXT_BYTES // 4) not in data[::4].translate(READABLE):
        return
    if b"\1" * TEXT_BYTES in data.translate(READABLE) and any(map(MARKUP.search, TEXT.findall(data))):
        raise NotAVideo("a page of text stands in the middle of its picture")
