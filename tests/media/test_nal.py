"""The units of H.264 and H.265 samples: what the standards forbid is refused, and nothing else."""

from __future__ import annotations

import pytest

from generations.media.mp4 import NotAVideo
from generations.media.nal import TEXT_BYTES, SampleCheck, refuse_text

AVCC = bytes([1, 100, 0, 31, 0xFF, 0xE1])
HVCC = bytes([1]) + bytes(20) + b"\x0f" + b"\0"
IDR, SLICE, SEI = b"\x65\x88\x80", b"\x41\x9a\x21", b"\x06\x05\x80"
TRAIL, CRA = b"\x02\x01\xd0", b"\x2a\x01\xaf"


def sample(*units: bytes, length_bytes: int = 4) -> bytes:
    return b"".join(len(unit).to_bytes(length_bytes, "big") + unit for unit in units)


def avc() -> SampleCheck:
    check = SampleCheck.of("h264", AVCC)
    assert check
    return check


def hevc() -> SampleCheck:
    check = SampleCheck.of("hevc", HVCC)
    assert check
    return check


@pytest.mark.parametrize(
    ("units", "is_key"),
    [
        ([IDR], True),
        ([SEI, IDR, IDR], True),
        ([SLICE], False),
        ([SLICE, SLICE], False),
        ([b"\x41\x88\x80"], True),  # an I picture that begins an open group
        ([b"\x67\x64", b"\x68\xee", IDR], True),  # avc3: parameter sets in the sample
        ([SLICE, b"\x0c" + b"\xff" * 9 + b"\x80"], False),  # filler
        ([SLICE + b"\0\0\x03\x01"], False),
        ([SLICE + b"\0\0\x03\0\0\x03"], False),  # cabac_zero_words
    ],
)
def test_what_the_standard_allows_passes_in_h264(units: list[bytes], is_key: bool) -> None:
    assert avc().check(sample(*units)) is is_key


@pytest.mark.parametrize(("units", "is_key"), [([TRAIL], False), ([CRA], True), ([TRAIL, b"\x7c\x01\x80"], False)])
def test_what_the_standard_allows_passes_in_h265(units: list[bytes], is_key: bool) -> None:
    assert hevc().check(sample(*units)) is is_key


@pytest.mark.parametrize(
    "bad",
    [
        sample(IDR)[:-1],
        sample(IDR) + b"\0",
        sample(IDR, b""),
        bytes(64),
        b"",
        sample(SEI),
        sample(b"\xe5\x88\x80"),  # forbidden_zero_bit
        sample(b"\x60\x88\x80"),  # type 0
        sample(b"\x7e\x88\x80"),  # type 30
        sample(SLICE + b"\0"),
        sample(SLICE + b"\0\0\0\x80"),
        sample(SLICE + b"\0\0\x01\x80"),
        sample(SLICE + b"\0\0\x02\x80"),
    ],
)
def test_what_cannot_be_in_h264_is_refused(bad: bytes) -> None:
    with pytest.raises(NotAVideo):
        avc().check(bad)


@pytest.mark.parametrize("bad", [sample(b"\x02\x00\xd0"), sample(b"\x14\x01\xd0"), sample(b"\x82\x01\xd0"), bytes(64)])
def test_what_cannot_be_in_h265_is_refused(bad: bytes) -> None:
    with pytest.raises(NotAVideo):
        hevc().check(bad)


def test_lengths_have_as_many_bytes_as_the_index_says() -> None:
    check = SampleCheck.of("h264", AVCC[:4] + b"\xfd" + AVCC[5:])
    assert check
    assert check.check(sample(IDR, length_bytes=2))
    with pytest.raises(NotAVideo):
        check.check(sample(IDR))


def test_other_codecs_have_no_such_units() -> None:
    assert SampleCheck.of("vp9", b"") is None


def test_a_setup_that_says_no_length_is_refused() -> None:
    with pytest.raises(NotAVideo):
        SampleCheck.of("h264", b"")


@pytest.mark.parametrize("before", range(4))
def test_a_page_in_the_middle_of_a_picture_is_refused(before: int) -> None:
    page = b"<html><body>502 Bad Gateway: it does not answer for now</body></html>"[:TEXT_BYTES]
    with pytest.raises(NotAVideo, match="text"):
        avc().check(sample(IDR + b"\xfe" * before + page + b"\x80"))
    with pytest.raises(NotAVideo, match="text"):
        refuse_text(b"\xfe" * before + page + b"\xfe")


def test_readable_bytes_without_markup_are_a_picture_that_happens_to_be_so() -> None:
    refuse_text(b"\xfe" + b"@" * 384 + b"\xfe")
    refuse_text(b"<html>")
