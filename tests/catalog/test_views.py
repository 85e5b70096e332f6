import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.models import Status
from tests.catalog.conftest import text, titles, videos, with_poster
from tests.factories import a_prompt, a_task, a_video, an_image

Queries = Callable[[int], AbstractContextManager[Any]]
SESSION_AND_USER = 2
CLOSED_CAMPAIGNS = PERMISSIONS = 1
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


def test_a_card_leads_to_its_clip_within_the_search(visitor: Client) -> None:
    video = a_video(has_audio=True)
    page = visitor.get("/?sound=yes&q=dawn").content.decode()
    assert f'href="/videos/{video.pk}/?q=dawn&amp;sound=yes"' in page


def test_a_card_without_a_poster_stands(visitor: Client) -> None:
    a_video()
    assert "No picture" in text(visitor.get("/"))


def test_a_page_costs_a_fixed_number_of_queries(visitor: Client, django_assert_num_queries: Queries) -> None:
    videos(30)
    with django_assert_num_queries(SESSION_AND_USER + CLOSED_CAMPAIGNS + PERMISSIONS + 3):  # names, videos, facets
        first = visitor.get("/")
    older = re.search(r"\?before=([^\"]+)", first.content.decode())
    assert older
    with django_assert_num_queries(SESSION_AND_USER + CLOSED_CAMPAIGNS + PERMISSIONS + 2):  # names, videos
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
def test_a_bad_cursor_is_refused(visitor: Client, name: str, cursor: str) -> None:
    answer = visitor.get("/", {name: cursor})
    assert (answer.status_code, f"“{name}”" in answer.content.decode()) == (400, True)


def test_beyond_the_last_video_the_page_says_so(visitor: Client) -> None:
    assert "That was the last one" in text(visitor.get("/", {"before": "1-1"}))


# --- What people write stays text


def test_nothing_that_was_written_becomes_markup(admin_client: Client, staff: User) -> None:
    staff.first_name = XSS[:60]
    staff.save()
    task = a_task(Status.STORED, 
        prompt=a_prompt(text=XSS), prompt_text=XSS, negative_prompt=XSS, provider=XSS[:20], model=XSS[:50],
        mode=XSS[:50], route=XSS[:20], aspect_ratio=XSS[:10], start_image_url=XSS, ordered_by=staff,
        end_image_url="https://example.com/" + XSS, start_image=None,
    )  # fmt: skip
    video = with_poster(a_video(task, title=XSS, description=XSS, differences=[XSS]))
    a_video(a_task(Status.STORED, prompt=task.prompt, model=XSS[:50]), title=XSS)
    for path in ("/", video.get_absolute_url()):
        page = admin_client.get(path).content.decode()
        assert "&lt;script&gt;" in page
        assert len(re.findall(r"<script(?! (type=\"module\" )?src=)", page)) == 0  # only our own, by their addresses
        assert "<img src=x" not in page
        assert not re.search(r"<[^>]+\son\w+=(?=[^\"]*\">)", re.sub(r'"[^"]*"', '""', page))


def test_pages_need_no_inline_script_or_style(admin_client: Client) -> None:
    video = with_poster(a_video(a_task(Status.STORED, start_image=an_image())))
    for path in ("/", video.get_absolute_url(), "/nothing/"):
        response = admin_client.get(path)
        page = response.content.decode()
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|data:|javascript:", page), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), path
