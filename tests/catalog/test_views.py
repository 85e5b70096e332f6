import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.catalog.views import OTHER_TAKES
from generations.models import GenerationTask, Status
from generations.money import ledger
from tests.catalog.conftest import text, titles, videos, with_poster
from tests.factories import NOW, a_prompt, a_task, a_video, an_image

Queries = Callable[[int], AbstractContextManager[Any]]
SESSION_AND_USER = 2
CLOSED_CAMPAIGNS = 1
PERMISSIONS = 2
XSS = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"


# --- Who may look


@pytest.mark.parametrize("path", ["/", "/videos/1/", "/videos/999/"])
@pytest.mark.django_db
def test_others_are_asked_to_sign_in(client: Client, path: str) -> None:
    a_video()
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={path}")


@pytest.mark.parametrize("path", ["/", "/videos/1/"])
def test_pages_are_only_read(visitor: Client, path: str) -> None:
    assert visitor.post(path).status_code == 405


def test_the_top_knows_who_is_there(visitor: Client, admin_client: Client) -> None:
    assert "anna" in text(visitor.get("/"))
    assert 'href="/admin/"' not in visitor.get("/").content.decode()
    assert 'href="/admin/"' in admin_client.get("/").content.decode()
    assert '<form class="person" method="post" action="/logout/">' in visitor.get("/").content.decode()


# --- The catalog


def test_an_empty_catalog_says_what_will_be_here(visitor: Client) -> None:
    assert "No videos yet" in text(visitor.get("/"))


def test_the_newest_video_comes_first(visitor: Client) -> None:
    videos(3)
    assert titles(visitor.get("/")) == ["Clip 2", "Clip 1", "Clip 0"]


@pytest.mark.django_db
def test_a_card_says_what_one_chooses_by(visitor: Client) -> None:
    task = a_task(Status.STORED, practice=True)
    video = with_poster(
        a_video(task, has_audio=True, differences=["silent, but sound was ordered"], duration_seconds=5.04)
    )
    response = visitor.get("/")
    page = response.content.decode()
    for words in ("0:05", "Kling 2.5 Turbo Pro", "Practice", "Differs from the order"):
        assert words in text(response), words
    assert 'aria-label="With sound"' in page
    assert f'<img src="{video.small_poster_url}" srcset="' in page
    assert f'alt="{video.title}"' in page
    assert '<time datetime="2026-11-20T12:00:00+00:00"' in page
    assert page.count(f'href="/videos/{video.pk}/"') == 1


def test_a_card_without_a_poster_stands(visitor: Client) -> None:
    a_video()
    assert "No picture" in text(visitor.get("/"))


def test_a_page_costs_a_fixed_number_of_queries(visitor: Client, django_assert_num_queries: Queries) -> None:
    videos(30)
    with django_assert_num_queries(SESSION_AND_USER + CLOSED_CAMPAIGNS + 3):  # videos, takes, campaigns
        first = visitor.get("/")
    older = re.search(r"\?before=([^\"]+)", first.content.decode())
    assert older
    with django_assert_num_queries(SESSION_AND_USER + CLOSED_CAMPAIGNS + 3):  # videos, takes, campaigns
        visitor.get("/", {"before": older[1]})


def test_links_lead_to_older_videos_and_back(visitor: Client) -> None:
    videos(50)
    seen, path = [], "/"
    while path:
        page = visitor.get(path)
        seen.append(titles(page))
        links = dict(re.findall(r'href="(/\?[^"]+)" data-go="(\w+)"', page.content.decode()))
        path = next((link for link, where in links.items() if where == "older"), "")
    assert [len(page) for page in seen] == [24, 24, 2]
    assert len({title for page in seen for title in page}) == 50
    newer = next(link for link, where in links.items() if where == "newer")
    assert titles(visitor.get(newer)) == seen[1]


def test_the_way_back_ends_at_the_newest_page(visitor: Client) -> None:
    videos(30)
    newest = re.search(r"\?before=([^\"]+)", visitor.get("/").content.decode())
    assert newest
    page = visitor.get("/", {"before": newest[1]}).content.decode()
    after = re.search(r"\?after=([^\"]+)", page)
    assert after
    response = visitor.get("/", {"after": after[1]})
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("cursor", ["nonsense", "1-1'--", "fffffffffffffff-1", "\0", "-" * 5000])
def test_a_bad_cursor_is_a_404(visitor: Client, name: str, cursor: str) -> None:
    assert visitor.get("/", {name: cursor}).status_code == 404


def test_beyond_the_last_video_the_page_says_so(visitor: Client) -> None:
    assert "That was the last one" in text(visitor.get("/", {"before": "1-1"}))


# --- One video


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
        "controls", "loop", "playsinline", 'preload="metadata"', 'data-frame="0.040000"',
    ):  # fmt: skip
        assert words in player[0], words
    assert f'href="{video.url}?download=1"' in page


@pytest.mark.parametrize(("width", "height", "shape"), [(1280, 720, "wide"), (720, 720, "square"), (720, 1280, "tall")])
def test_each_shape_has_its_room(visitor: Client, width: int, height: int, shape: str) -> None:
    page = visitor.get(a_video(width=width, height=height).get_absolute_url()).content.decode()
    assert f'<video class="{shape}"' in page


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


def test_other_takes_of_the_prompt_are_shown_up_to_six(visitor: Client) -> None:
    prompt = a_prompt()
    takes = [
        a_video(ordered(prompt=prompt), title=f"Take {n}", created_at=NOW + timedelta(minutes=n)) for n in range(9)
    ]
    a_video(title="Of another prompt")
    page = visitor.get(takes[8].get_absolute_url())
    shown = re.findall(r"<h3><a [^>]+>([^<]+)</a></h3>", page.content.decode())
    assert shown == [f"Take {n}" for n in range(7, 7 - OTHER_TAKES, -1)]


def test_a_video_costs_a_fixed_number_of_queries(visitor: Client, django_assert_num_queries: Queries) -> None:
    prompt = a_prompt()
    takes = [a_video(ordered(prompt=prompt, start_image=an_image())) for _ in range(9)]
    with django_assert_num_queries(
        SESSION_AND_USER + CLOSED_CAMPAIGNS + 9
    ):  # video, task, newer, older, promotions, takes, permissions (2), history
        visitor.get(takes[4].get_absolute_url())


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


# --- What people write stays text


def test_nothing_that_was_written_becomes_markup(admin_client: Client, staff: User) -> None:
    staff.first_name = XSS[:60]
    staff.save()
    task = ordered(
        prompt=a_prompt(text=XSS), prompt_text=XSS, negative_prompt=XSS, provider=XSS[:20], model=XSS[:50],
        mode=XSS[:50], route=XSS[:20], aspect_ratio=XSS[:10], start_image_url=XSS, ordered_by=staff,
        end_image_url="https://example.com/" + XSS, start_image=None,
    )  # fmt: skip
    video = with_poster(a_video(task, title=XSS, description=XSS, differences=[XSS]))
    a_video(ordered(prompt=task.prompt, model=XSS[:50]), title=XSS)
    for path in ("/", video.get_absolute_url()):
        page = admin_client.get(path).content.decode()
        assert "&lt;script&gt;" in page
        assert not re.search(r'<script(?! src="/static/generations/)', page)
        assert "<img src=x" not in page
        assert not re.search(r"<[^>]+\son\w+=(?=[^\"]*\">)", re.sub(r'"[^"]*"', '""', page))


def test_pages_need_no_inline_script_or_style(admin_client: Client) -> None:
    video = with_poster(a_video(ordered(start_image=an_image())))
    for path in ("/", video.get_absolute_url(), "/nothing/"):
        response = admin_client.get(path)
        page = response.content.decode()
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|data:|javascript:", page), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), path


def test_a_starting_price_is_the_least_that_a_video_cost(admin_client: Client) -> None:
    video = a_video(a_task(Status.STORED, price_is_minimum=True))
    assert "Cost from $0.30" in text(admin_client.get(video.get_absolute_url()))


def test_a_promotion_leads_to_the_other_clip_both_ways(visitor: Client) -> None:
    draft = a_video(ordered(), title="The draft")
    final = a_video(ordered(promoted_from=draft.task, model="kling-2-1"), title="The final")
    page = visitor.get(draft.get_absolute_url()).content.decode()
    assert f'<dt>Promoted as</dt><dd><a href="{final.get_absolute_url()}">The final</a>, Kling 2.1</dd>' in page
    page = visitor.get(final.get_absolute_url()).content.decode()
    assert f'<dt>Promoted from</dt><dd><a href="{draft.get_absolute_url()}">The draft</a>' in page
    assert "Promoted" not in text(visitor.get(a_video().get_absolute_url()))


def test_parameters_without_a_column_are_shown_by_their_names(visitor: Client) -> None:
    chosen = {"prompt": "gulls", "duration": 5, "resolution": "1080p", "video": "https://example.com/dance.mp4"}
    page = visitor.get(a_video(ordered(model="kling-3-0-turbo", parameters=chosen)).get_absolute_url())
    assert "Resolution 1080p Video https://example.com/dance.mp4" in text(page)
    assert 'href="https://example.com/dance.mp4"' in page.content.decode()
