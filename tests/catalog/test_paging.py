from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from generations.catalog.paging import BadCursor, Cursor, Page, newer_than, older_than, page
from generations.models import Video
from tests.catalog.conftest import videos
from tests.factories import NOW, a_video


def titles(found: Page) -> list[str]:
    return [video.title for video in found.videos]


def read(*, before: Cursor | None = None, after: Cursor | None = None, size: int = 3) -> Page:
    return page(Video.objects.all(), before=str(before or ""), after=str(after or ""), size=size)


@pytest.mark.django_db
def test_pages_lead_from_the_newest_to_the_oldest_and_back() -> None:
    videos(7)
    first = read()
    second = read(before=first.older)
    third = read(before=second.older)
    assert [titles(p) for p in (first, second, third)] == [
        ["Clip 6", "Clip 5", "Clip 4"],
        ["Clip 3", "Clip 2", "Clip 1"],
        ["Clip 0"],
    ]
    assert (first.newer, third.older) == (None, None)
    back = read(after=third.newer)
    assert titles(back) == titles(second)
    assert titles(read(after=back.newer)) == titles(first)
    assert read(after=back.newer).newer is None
    assert read(after=back.newer).older == first.older


@pytest.mark.django_db
def test_a_full_last_page_leads_nowhere() -> None:
    videos(6)
    last = read(before=read().older)
    assert len(last.videos) == 3
    assert last.older is None


@pytest.mark.django_db
def test_new_videos_do_not_shift_a_page() -> None:
    videos(7)
    place = read().older
    was = titles(read(before=place))
    a_video(title="New", created_at=NOW + timedelta(hours=1))
    assert titles(read(before=place)) == was


@pytest.mark.django_db
def test_a_page_outlives_the_video_that_it_begins_after() -> None:
    rows = videos(7)
    place = read().older
    rows[4].delete()
    assert titles(read(before=place)) == ["Clip 3", "Clip 2", "Clip 1"]


@pytest.mark.django_db
def test_videos_of_the_same_moment_are_told_apart_by_their_number() -> None:
    for n in range(5):
        a_video(title=f"Clip {n}", created_at=NOW)
    first = read(size=2)
    second = read(before=first.older, size=2)
    assert titles(first) + titles(second) == ["Clip 4", "Clip 3", "Clip 2", "Clip 1"]
    assert titles(read(after=second.newer, size=2)) == titles(first)


@pytest.mark.django_db
def test_nothing_is_a_page_too() -> None:
    assert read() == Page([], None, None)
    place = Cursor(NOW, 1)
    assert read(before=place) == read(after=place) == Page([], None, None)


@pytest.mark.django_db
def test_the_index_gives_the_order() -> None:
    place = Cursor(NOW, 1)
    for found in (older_than(Video.objects.all(), place), newer_than(Video.objects.all(), place)):
        if connection.vendor == "sqlite":
            plan = found[:25].explain()
            assert "INDEX" in plan
            assert "TEMP B-TREE" not in plan


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 2**60 - 1),
)
def test_a_cursor_comes_back_as_it_was(at: datetime, pk: int) -> None:
    assert Cursor.parse(str(Cursor(at, pk))) == Cursor(at, pk)


@given(st.text())
def test_any_other_text_is_a_bad_cursor(text: str) -> None:
    try:
        found = Cursor.parse(text)
    except BadCursor:
        return
    assert Cursor.parse(str(found)) == found


@pytest.mark.parametrize(
    "text", ["", "-", "x-1", "1-", "-1", "1-1-1", "fffffffffffffff-1", "1-ffffffffffffffff", "1-1\n"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.parse(text)


@pytest.mark.parametrize("sort", ["rating", "duration"])
@pytest.mark.django_db
def test_other_orders_are_paged_by_key_too(sort: str) -> None:
    for n in range(8):
        a_video(title=f"Clip {n}", created_at=NOW + timedelta(minutes=n), rating=n % 3, duration_seconds=5 + n % 3 / 3)
    expected = [f"Clip {n}" for n in (5, 2, 7, 4, 1, 6, 3, 0)]
    first = page(Video.objects.all(), size=3, sort=sort)
    second = page(Video.objects.all(), before=str(first.older), size=3, sort=sort)
    third = page(Video.objects.all(), before=str(second.older), size=3, sort=sort)
    assert titles(first) + titles(second) + titles(third) == expected
    assert titles(page(Video.objects.all(), after=str(third.newer), size=3, sort=sort)) == titles(second)


@pytest.mark.parametrize(("text", "sort"), [("1-1", "rating"), ("5_1-1", "newest"), ("1e9_1-1", "duration")])
def test_a_place_of_another_order_is_refused(text: str, sort: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.parse(text, sort)
