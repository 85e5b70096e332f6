import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.catalog.ranges import Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-", range(1000)),
        ("bytes=0-0", range(1)),
        ("bytes=0-999", range(1000)),
        ("bytes=200-299", range(200, 300)),
        ("bytes=999-", range(999, 1000)),
        ("bytes=-1", range(999, 1000)),
        ("bytes=-500", range(500, 1000)),
        ("Bytes=5-6", range(5, 7)),
        ("bytes= 5-6 ", range(5, 7)),
    ],
)
def test_a_range_is_read_as_the_rfc_says(header: str, wanted: range) -> None:
    assert parse_range(header, 1000) == wanted


@pytest.mark.parametrize("header", ["bytes=990-5000", "bytes=990-999999999999999"])
def test_a_range_that_ends_beyond_the_file_is_cut(header: str) -> None:
    assert parse_range(header, 1000) == range(990, 1000)


def test_a_suffix_longer_than_the_file_is_the_whole_file() -> None:
    assert parse_range("bytes=-5000", 1000) == range(1000)


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=999999999999999-"])
def test_bytes_that_the_file_does_not_have_are_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 1000)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_an_empty_file_has_no_range(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 0)


@pytest.mark.parametrize(
    "header",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5", "bytes=5-4", "bytes=--5", "bytes=+1-2", "bytes=1.0-2",
        "items=0-5", "bytes:0-5", "bytes=0-1,5-6", "bytes=0-1, -5", "bytes=0 - 5", "bytes=٠-٥", "bytes=0-5\n",
        "bytes=9999999999999999-", "bytes=0-99999999999999999999999999",
    ],
)  # fmt: skip
def test_malformed_and_multiple_ranges_are_ignored(header: str) -> None:
    assert parse_range(header, 1000) is None


@given(header=st.text() | st.from_regex(r"bytes=\d{0,16}-\d{0,16}", fullmatch=True), size=st.integers(0, 10**12))
def test_whatever_is_sent_the_answer_lies_inside_the_file(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found.start < found.stop <= size


@given(size=st.integers(1, 10**6), data=st.data())
def test_a_range_inside_the_file_is_given_exactly(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size - 1))
    assert parse_range(f"bytes={first}-{last}", size) == range(first, last + 1)
    assert parse_range(f"bytes={first}-", size) == range(first, size)
    assert parse_range(f"bytes=-{size - first}", size) == range(first, size)
