"""The page of one clip: what it says, what it leads to, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from generations.catalog.video_page import MAX_TAKES, OTHER_CLIPS
from generations.library import comments
from generations.library.reviewing import judge
from generations.models import GenerationTask, Review, Status
from generations.money import ledger
from tests.catalog.conftest import published, text, videos, with_poster
from tests.factories import NOW, a_campaign, a_price, a_prompt, a_task, a_video, an_image

Queries = Callable[[int], AbstractContextManager[Any]]
MOST_QUERIES = 8  # with the session, the person, their permissions and the campaigns closed to them


def test_a_video_that_is_not_there_is_a_404(visitor: Client) -> None:
    for pk in ("0", "999", "9" * 30):
        assert visitor.get(f"/videos/{pk}/").status_code == 404


def ordered(**changes: Any) -> GenerationTask:
    return a_task(Status.STORED, **changes)


def test_a_video_says_what_was_ordered_and_what_came(visitor: Client) -> None:
    task = ordered(
        prompt_text="a lighthouse\nat dawn", negative_prompt="fog", cfg_scale=Decimal("0.5"), aspect_ratio="16:9",
        sound=True, route="value", start_image=an_image(), end_image_url="https://example.com/end.png",
    )  # fmt: skip
    video = a_video(task, description="For the harbour series.", fps=23.976, size_bytes=3_200_000)
    response = visitor.get(video.get_absolute_url())
    for words in (
        "A lighthouse at dawn", "For the harbour series.", "a lighthouse at dawn", "Negative prompt fog",
        "Provider APIXO", "Model Kling 2.5 Turbo Pro", "Mode Text to video", "Length 5 s", "Aspect ratio 16:9",
        "Sound with sound", "CFG scale 0.5", "Route value", "Start image bottle.png", "Picture 1280 × 720",
        "Frame rate 23.98 fps", "Sound none", "Size 3.2 MB", video.sha256,
        "Stored 20 Nov 2026, 12:00",
        "Ordered 20 Nov 2026, 12:00", "Finished 20 Nov 2026, 12:00",
    ):  # fmt: skip
        assert words in text(response), words


def test_the_player_can_seek_and_makes_room_before_it_loads(visitor: Client) -> None:
    video = with_poster(a_video(width=720, height=1280, fps=25.0))
    page = visitor.get(video.get_absolute_url()).content.decode()
    player = re.search(r"<video [^>]+>", page)
    assert player
    for words in (
        'class="tall"', f'src="{video.url}"', f'poster="{video.poster_url}"', 'width="720"', 'height="1280"',
        "controls", "loop", "playsinline", 'preload="metadata"',
    ):  # fmt: skip
        assert words in player[0], words
    assert 'data-fps="25.0"' in page
    assert f'href="{video.url}?download=1"' in page


@pytest.mark.parametrize(("width", "height", "shape"), [(1280, 720, "wide"), (720, 720, "square"), (720, 1280, "tall")])
def test_each_shape_has_its_room(visitor: Client, width: int, height: int, shape: str) -> None:
    page = visitor.get(a_video(width=width, height=height).get_absolute_url()).content.decode()
    assert f'<video class="{shape}"' in page


def test_who_ordered_and_what_it_cost_is_told_by_permission(visitor: Client, person: User) -> None:
    path = a_video(ordered(ordered_by=User.objects.create(username="mira"))).get_absolute_url()
    for staff, groups, told in (
        (True, [], (False, False)),
        (False, ["Viewer"], (True, False)),
        (True, ["Viewer"], (True, True)),
    ):
        User.objects.filter(pk=person.pk).update(is_staff=staff)
        person.groups.set(Group.objects.filter(name__in=groups))
        said = text(visitor.get(path))
        assert ("Ordered by mira" in said, "Cost $" in said) == told, groups


def test_an_unknown_price_is_said_to_be_unknown(admin_client: Client) -> None:
    page = admin_client.get(a_video(ordered(price_usd=None, practice=False)).get_absolute_url())
    assert "Cost price unknown" in text(page)
    assert "Practice" not in text(page)


def test_a_corrected_charge_counts(admin_client: Client, staff: User) -> None:
    task = ordered()
    ledger.adjust(task, Decimal("-0.10"), at=NOW, by=staff, reason="a discount")
    assert "Cost $0.20" in text(admin_client.get(a_video(task).get_absolute_url()))


def test_what_differs_is_said_in_words(visitor: Client) -> None:
    page = visitor.get(a_video(differences=["silent, but sound was ordered"]).get_absolute_url())
    assert "What differs from the order silent, but sound was ordered" in text(page)
    assert "What differs" not in text(visitor.get(a_video().get_absolute_url()))


def test_only_staff_see_what_a_clip_cost(visitor: Client, admin_client: Client) -> None:
    path = a_video(ordered()).get_absolute_url()
    assert "Cost $0.30 Practice money" in text(admin_client.get(path))
    assert "$0.30" not in text(visitor.get(path))


def test_neighbours_are_one_step_away(visitor: Client) -> None:
    oldest, middle, newest = videos(3)
    page = visitor.get(middle.get_absolute_url()).content.decode()
    assert f'href="/videos/{newest.pk}/" data-go="newer"' in page
    assert f'href="/videos/{oldest.pk}/" data-go="older"' in page
    assert "data-go" not in re.sub(r"data-go=\"newer\"", "", visitor.get(oldest.get_absolute_url()).content.decode())


def test_neighbours_are_those_of_the_search_and_keep_it(visitor: Client) -> None:
    oldest, _, middle, _, newest = [
        a_video(title=title, created_at=NOW + timedelta(minutes=n))
        for n, title in enumerate(["Fox one", "An owl", "Fox two", "An owl", "Fox three"])
    ]
    page = visitor.get(f"{middle.get_absolute_url()}?q=fox&t=1").content.decode()
    assert f'href="/videos/{newest.pk}/?q=fox" data-go="newer"' in page
    assert f'href="/videos/{oldest.pk}/?q=fox" data-go="older"' in page
    assert '<a href="/?q=fox">Back to what was found</a>' in page


def test_other_takes_of_the_shot_are_no_neighbours_but_stand_below(visitor: Client) -> None:
    first = a_video(ordered(), title="Take one")
    later = a_video(ordered(shot=first.shot), title="Take two", created_at=NOW + timedelta(minutes=1))
    other = a_video(title="Another", created_at=NOW + timedelta(minutes=2))
    page = visitor.get(first.get_absolute_url()).content.decode()
    assert f'href="/videos/{other.pk}/" data-go="newer"' in page
    assert f'href="{later.get_absolute_url()}"' in page.split("Other takes of this shot")[1]


@pytest.mark.parametrize("query", ["sort=nothing", "campaign=unknown", "rating=many", "t=soon", "t=99"])
def test_a_search_that_cannot_be_read_costs_no_clip(visitor: Client, query: str) -> None:
    video = a_video()
    assert visitor.get(f"{video.get_absolute_url()}?{query}").status_code == 200


def test_the_player_starts_at_the_moment_of_the_address(visitor: Client) -> None:
    video = a_video()
    assert f'src="{video.url}#t=3.12"' in visitor.get(f"{video.get_absolute_url()}?t=0:03.12").content.decode()


def test_takes_come_before_other_clips_of_the_prompt_and_both_are_limited(visitor: Client) -> None:
    prompt = a_prompt()
    here = a_video(ordered(prompt=prompt))
    for n in range(MAX_TAKES + 2):
        at = NOW + timedelta(minutes=n)
        a_video(ordered(prompt=prompt, shot=here.shot), title="A take", created_at=at)
        a_video(ordered(prompt=prompt), title="A cousin", created_at=at)
    a_video(title="Of another prompt")
    page = visitor.get(here.get_absolute_url()).content.decode()
    shown = re.findall(r"<h3><a [^>]+>([^<]+)</a></h3>", page)
    assert shown == ["A take"] * MAX_TAKES + ["A cousin"] * OTHER_CLIPS


def test_lineage_leads_only_to_clips_that_one_may_see(visitor: Client) -> None:
    closed = a_campaign(is_restricted=True)
    draft = a_video(ordered(campaign=closed), title="A secret draft")
    final = a_video(ordered(promoted_from=draft.task))
    assert "Lineage" not in text(visitor.get(final.get_absolute_url()))


def test_what_a_retry_came_from_is_told(visitor: Client, admin_client: Client) -> None:
    failed = a_task(Status.FAILED)
    path = a_video(ordered(retry_of=failed, shot=failed.shot)).get_absolute_url()
    assert "Retried from an order that failed" in text(visitor.get(path))
    assert f'href="{failed.get_absolute_url()}">Task {failed.pk}</a>, failed' in admin_client.get(path).content.decode()


@pytest.fixture
def full(person: User) -> Any:
    """A clip with everything around it."""
    prompt, campaign = a_prompt(), a_campaign()
    draft = a_video(ordered(prompt=prompt))
    task = ordered(
        prompt=prompt, campaign=campaign, ordered_by=person, start_image=an_image(), promoted_from=draft.task,
        continued_from=draft.task, continued_at_seconds=4.5,
    )  # fmt: skip
    video = a_video(task)
    for n in range(9):
        a_video(ordered(prompt=prompt, shot=video.shot))
        a_video(ordered(prompt=prompt))
        a_video(ordered(promoted_from=task))
        a_video(ordered(continued_from=task, continued_at_seconds=1.0))
        comment = comments.write(video, "@anna hm", at=NOW, author=person, at_seconds=n / 2)
        comments.write(video, "yes", at=NOW, author=person, parent=comment)
    return video


@pytest.mark.parametrize("staff", [False, True])
def test_a_clip_costs_at_most_eight_queries(
    client: Client, person: User, full: Any, django_assert_max_num_queries: Queries, staff: bool
) -> None:
    names = ["review_clips", "order_clips", "change_video"]
    person.user_permissions.add(*Permission.objects.filter(codename__in=names))
    person.is_staff = staff
    person.save()
    client.force_login(person)
    judge(full, Review.IN_REVIEW, at=NOW, by=person)
    judge(full, Review.APPROVED, at=NOW, by=person)
    for query in ("", "?q=lighthouse&sort=rating"):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(full.get_absolute_url() + query).status_code == 200


# --- What one can do


def test_each_action_is_offered_to_those_who_may(client: Client, person: User) -> None:
    video = a_video()
    a_video(ordered(shot=video.shot))
    offers = {
        "review_clips": "Choose this take",
        "change_video": "Edit title and description",
        "order_clips": "Another take…",
    }
    client.force_login(person)
    assert not [words for words in offers.values() if words in text(client.get(video.get_absolute_url()))]
    person.is_staff = True
    person.save()
    for name, words in offers.items():
        seen = ["view_prompt", "view_generationtask"]  # without which nobody orders
        person.user_permissions.set(Permission.objects.filter(codename__in=[name, *seen]))
        shown = text(client.get(video.get_absolute_url()))
        assert [each for each in offers.values() if each in shown] == [words]


def test_what_costs_leads_to_the_receipt_or_to_the_form(admin_client: Client) -> None:
    video = a_video()
    page = admin_client.get(video.get_absolute_url()).content.decode()
    assert f'action="/admin/generations/generationtask/{video.task_id}/take/"' in page
    assert f'href="/admin/generations/prompt/{video.prompt_id}/generate/?like={video.task_id}"' in page
    receipt = admin_client.post(f"/admin/generations/generationtask/{video.task_id}/take/", follow=True)
    assert "Nothing is ordered yet" in text(receipt)


@pytest.mark.django_db
def test_visitors_of_a_public_catalog_see_no_comments_and_get_no_cookie(client: Client, settings: Any) -> None:
    settings.CATALOG_PUBLIC = True
    video = published()
    comments.write(video, "for the team only", at=NOW, author=video.published_by)
    response = client.get(video.get_absolute_url())
    assert response.status_code == 200
    assert "for the team only" not in response.content.decode()
    assert "Comments" not in text(response)
    assert not response.cookies


def test_a_start_image_is_shown_to_those_who_may_open_it(visitor: Client, admin_client: Client) -> None:
    image = an_image()
    path = a_video(ordered(start_image=image)).get_absolute_url()
    assert image.file.url in admin_client.get(path).content.decode()
    assert image.file.url not in visitor.get(path).content.decode()


def test_only_web_addresses_become_links(visitor: Client) -> None:
    good, bad = "https://example.com/a.png?x=1&y=2", "javascript:alert(1)"
    page = visitor.get(a_video(ordered(start_image_url=bad, end_image_url=good)).get_absolute_url()).content.decode()
    assert '<a href="https://example.com/a.png?x=1&amp;y=2" rel="noopener noreferrer nofollow">' in page
    assert bad in page
    assert 'href="javascript' not in page


def test_staff_find_the_rows_in_the_admin(visitor: Client, admin_client: Client) -> None:
    video = a_video()
    for path in (
        f"/admin/generations/video/{video.pk}/change/",
        f"/admin/generations/generationtask/{video.task_id}/change/",
        f"/admin/generations/prompt/{video.task.prompt_id}/change/",
    ):
        assert path in admin_client.get(video.get_absolute_url()).content.decode()
        assert path not in visitor.get(video.get_absolute_url()).content.decode()


def test_a_starting_price_is_the_least_that_a_video_cost(admin_client: Client) -> None:
    video = a_video(a_task(Status.STORED, price_is_minimum=True))
    assert "Cost from $0.30" in text(admin_client.get(video.get_absolute_url()))


def lineage_of(page: str) -> str:
    """The words of the drawn lineage."""
    found = re.search(r'<ol class="lineage">.*?</ol>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_lineage_leads_from_the_first_clip_to_what_came_of_this_one(visitor: Client) -> None:
    first = a_video(ordered(), title="The first")
    here = a_video(ordered(continued_from=first.task, continued_at_seconds=4.5), title="Here")
    final = a_video(ordered(promoted_from=here.task, model="kling-2-1"), title="The final")
    a_video(ordered(continued_from=final.task, continued_at_seconds=1.0), title="The last")
    a_video(ordered(continued_from=first.task, continued_at_seconds=2.0), title="A sibling")
    page = visitor.get(here.get_absolute_url()).content.decode()
    assert lineage_of(page) == (
        "The first Kling 2.5 Turbo Pro This clip continued at 4.50 s, Kling 2.5 Turbo Pro "
        "The final promoted, Kling 2.1 The last continued at 1.00 s, Kling 2.5 Turbo Pro"
    )
    for other in (first, final):
        assert f'<a href="{other.get_absolute_url()}">' in page
    assert "Lineage" not in text(visitor.get(a_video().get_absolute_url()))


def test_a_better_mode_leads_to_its_receipt_and_says_what_it_costs_more(admin_client: Client) -> None:
    a_price("0.90", model="kling-2-6", sound=False)
    video = a_video()
    page = admin_client.get(video.get_absolute_url())
    assert "Promote to Kling 2.6, Text to video… $0.90, $0.60 more, after a receipt" in text(page)
    assert '<input type="hidden" name="to" value="kling-2-6 text-to-video">' in page.content.decode()
    address = f"/admin/generations/generationtask/{video.task_id}/promote/"
    receipt = admin_client.post(address, {"to": "kling-2-6 text-to-video"}, follow=True)
    assert "Nothing is ordered yet" in text(receipt)


def test_a_clip_is_continued_unless_it_is_damaged(admin_client: Client) -> None:
    good, damaged = a_video(), a_video(damage="it is cut")
    assert f"/admin/generations/video/{good.pk}/frame/" in admin_client.get(good.get_absolute_url()).content.decode()
    assert "Continue…" not in text(admin_client.get(damaged.get_absolute_url()))


def test_parameters_without_a_column_are_shown_by_their_names(visitor: Client) -> None:
    chosen = {"prompt": "gulls", "duration": 5, "resolution": "1080p", "video": "https://example.com/dance.mp4"}
    page = visitor.get(a_video(ordered(model="kling-3-0-turbo", parameters=chosen)).get_absolute_url())
    assert "Resolution 1080p Video https://example.com/dance.mp4" in text(page)
    assert 'href="https://example.com/dance.mp4"' in page.content.decode()
