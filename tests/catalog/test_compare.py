"""Two to four clips side by side, all in the address, and one that wins."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generations.models import Review, Shot, Video
from tests.catalog.conftest import text
from tests.factories import a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db


def takes(count: int = 2) -> list[Video]:
    first = a_video(title="Take 1")
    return [first, *(a_video(shot_id=first.shot_id, title=f"Take {n}") for n in range(2, count + 1))]


def address(*videos: Video, page: str = "/compare/", **more: Any) -> str:
    pairs = [("v", video.pk) for video in videos]
    pairs += [(name, each) for name, value in more.items() for each in (value if isinstance(value, list) else [value])]
    return f"{page}?{'&'.join(f'{name}={value}' for name, value in pairs)}"


def test_the_clips_stand_in_the_order_of_the_address_with_offsets_and_one_audible(visitor: Client) -> None:
    first, second, third = takes(3)
    page = visitor.get(address(third, first, second, offset=[0, -3], sound=2, layout="grid")).content.decode()
    assert re.findall(r'class="number"[^>]*>(\d)</span> <a [^>]+>([^<]+)', page) == [
        ("1", "Take 3"), ("2", "Take 1"), ("3", "Take 2")
    ]  # fmt: skip
    assert re.findall(r'data-offset="([^"]+)"', page) == ["0", "-3", "0"]
    assert [" muted" in video for video in re.findall(r"<video[^>]+>", page)] == [True, False, True]
    assert 'class="compare grid"' in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"offset": "x"}, "offset: a whole number from -48 to 48."),
        ({"offset": "49"}, "offset: a whole number"),
        ({"offset": "²"}, "offset: a whole number"),
        ({"sound": "3"}, "sound: a whole number from 0 to 2."),
        ({"layout": "pile"}, "layout: row or grid."),
        ({"v": "9" * 30}, "v: a whole number."),
        ({"won": "--1"}, "won: a whole number."),
    ],
)
def test_what_the_address_says_wrong_is_named(visitor: Client, more: dict[str, Any], words: str) -> None:
    answer = visitor.get(address(*takes(), **more))
    assert answer.status_code == 400
    assert words in text(answer)


@pytest.mark.parametrize("count", [1, 5])
def test_two_to_four_are_compared(visitor: Client, count: int) -> None:
    answer = visitor.get(address(*takes(count)))
    assert (answer.status_code, f"not {count}." in text(answer)) == (400, True)


def test_a_clip_that_one_may_not_see_is_not_there(visitor: Client) -> None:
    hidden = a_video(a_task(campaign=a_campaign(is_restricted=True)))
    assert visitor.get(address(a_video(), hidden)).status_code == 404
    data = {"winner": hidden.pk}
    assert visitor.post(address(a_video(), hidden, page="/compare/winner/"), data).status_code == 404


def test_a_damaged_clip_is_not_shown(visitor: Client) -> None:
    page = visitor.get(address(a_video(damage="its file is missing"), a_video())).content.decode()
    assert page.count("<video") == 1
    assert "damaged, so it is not shown" in page


def test_the_winner_stands_for_its_shot_and_the_others_are_rejected_only_by_a_second_step(admin_client: Client) -> None:
    first, second = takes()
    answer: Any = admin_client.post(address(first, second, page="/compare/winner/"), {"winner": second.pk})
    page = admin_client.get(answer.url)
    assert "Take 2 now stands for its takes. Approved." in text(page)
    assert Shot.objects.get(pk=first.shot_id).chosen == second
    first.refresh_from_db()
    assert first.review == Review.UNDECIDED
    (reject,) = re.findall(r'action="(/compare/reject-others/[^"]+)"', page.content.decode())
    answer = admin_client.post(reject.replace("&amp;", "&"))
    assert answer.url == f"/shots/{first.shot_id}/"
    assert list(Video.objects.order_by("pk").values_list("review", flat=True)) == ["rejected", "approved"]


def test_who_may_not_review_chooses_and_approves_nothing(visitor: Client) -> None:
    first, second = takes()
    page = visitor.post(address(first, second, page="/compare/winner/"), {"winner": second.pk}, follow=True)
    assert "Take 2 now stands for its takes." in text(page)
    assert "Reject the other" not in text(page)
    assert Video.objects.filter(review="").count() == 2
    assert visitor.post(address(first, second, page="/compare/reject-others/", won=second.pk)).status_code == 403


def test_an_approved_take_keeps_its_place_against_who_may_not_review(visitor: Client, admin_client: Client) -> None:
    first, second = takes()
    admin_client.post(address(first, second, page="/compare/winner/"), {"winner": first.pk})
    page = visitor.post(address(first, second, page="/compare/winner/"), {"winner": second.pk}, follow=True)
    assert "An approved take keeps its place for its shot." in text(page)
    assert Shot.objects.get(pk=first.shot_id).chosen == first


def test_a_published_clip_is_not_among_the_others_that_are_rejected(admin_client: Client, staff: User) -> None:
    first, second = takes()
    now = timezone.now()
    Video.objects.filter(pk=first.pk).update(
        review=Review.APPROVED, reviewed_at=now, published_at=now, published_by=staff
    )
    assert "Reject the other" not in text(admin_client.get(address(first, second, won=second.pk)))
    admin_client.post(address(first, second, page="/compare/reject-others/", won=second.pk))
    first.refresh_from_db()
    assert first.review == Review.APPROVED


def test_one_returns_to_where_one_came_from_on_this_site_alone(visitor: Client) -> None:
    clips = takes()
    for given, found in (("/?q=fox", "/?q=fox"), ("https://elsewhere.example/", f"/shots/{clips[0].shot_id}/")):
        page = visitor.get(address(*clips, next=given)).content.decode()
        assert f'<a href="{found}" data-back>' in page
    assert '<a href="/" data-back>' in visitor.get(address(a_video(), a_video())).content.decode()


@pytest.mark.parametrize(
    ("referer", "kept"),
    [
        ("http://testserver/?q=fox", "&next=%2F%3Fq%3Dfox"),
        ("http://testserver/compare/?v=1&v=2", ""),
        ("http://elsewhere.example/?q=fox", ""),
        ("", ""),
    ],
)
def test_the_address_keeps_the_page_that_led_here(visitor: Client, referer: str, kept: str) -> None:
    path = address(*takes())
    answer: Any = visitor.get(path, headers={"referer": referer})
    assert (answer.status_code, answer.get("Location", "")) == ((302, path + kept) if kept else (200, ""))


def test_each_side_has_its_own_label(visitor: Client) -> None:
    page = text(visitor.get(address(a_video(is_labelled=True), a_video())))
    assert page.count("AI-generated") == 1
