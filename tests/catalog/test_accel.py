"""Files that the site hands over to nginx: a real one, with the configuration that the documents print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from generations import clock
from generations.library import sharing
from generations.library.sharing import Terms
from generations.models import Video
from tests.catalog.conftest import with_poster
from tests.factories import a_video
from tests.nginx import Answer, Nginx

CONTENT = bytes(range(256)) * 4
Ask = Callable[..., Answer]


@pytest.fixture
def video() -> Video:
    return with_poster(a_video(content=CONTENT, title="Neon rain"))


@pytest.fixture
def ask(nginx: Nginx, staff: User) -> Ask:
    """Ask nginx, as staff unless `cookie` is empty; header names in lower case."""
    session = session_of(staff)

    def answer(path: str, method: str = "GET", *, cookie: str = session, **headers: str) -> Answer:
        return nginx.ask(path, method, None, Cookie=cookie, **headers)

    return answer


def session_of(person: User) -> str:
    browser = Client()
    browser.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"


def test_the_entitled_get_the_file_with_the_headers_that_the_site_gave_it(ask: Ask, video: Video) -> None:
    status, headers, body = ask(video.url)
    assert (status, body) == (200, CONTENT)
    assert headers["content-type"] == "video/mp4"
    assert headers["content-length"] == "1024"
    assert headers["accept-ranges"] == "bytes"
    assert headers["cache-control"] == "private, max-age=3600"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "sandbox" in headers["content-security-policy"]
    assert "max-age" in headers["strict-transport-security"]
    assert "x-accel-redirect" not in headers


def test_nginx_answers_ranges_conditions_and_head(ask: Ask, video: Video) -> None:
    status, headers, body = ask(video.url, Range="bytes=100-199")
    assert (status, body, headers["content-range"]) == (206, CONTENT[100:200], "bytes 100-199/1024")
    assert ask(video.url, Range="bytes=5000-")[0] == 416
    status, headers, body = ask(video.url, "HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", "1024")
    etag, modified = headers["etag"], headers["last-modified"]
    assert ask(video.url, If_None_Match=etag)[::2] == (304, b"")
    assert ask(video.url, If_Modified_Since=modified)[0] == 304
    assert ask(video.url, If_None_Match='"another"')[0] == 200
    assert ask(video.url, Range="bytes=0-9", If_Range=etag)[0] == 206
    assert ask(video.url, Range="bytes=0-9", If_Range='"another"')[0] == 200


def test_others_get_nothing_by_any_way(ask: Ask, video: Video) -> None:
    for method in ("GET", "HEAD"):
        for headers in ({}, {"Range": "bytes=0-3"}, {"If_None_Match": "*"}):
            status, got, body = ask(video.url, method, cookie="", **headers)
            assert status == 404
            assert CONTENT[:8] not in body
            assert "etag" not in got
    assert urlsplit(video.url).path.startswith("/media/")
    for path in (f"/protected/{video.file}", "/protected/../nginx.conf", f"/protected//{video.file}"):
        assert ask(path)[0] in (400, 404), path


def test_downloads_have_their_name_and_damaged_clips_are_refused(ask: Ask, video: Video) -> None:
    assert ask(video.url + "?download=1")[1]["content-disposition"].startswith("attachment; filename=")
    Video.objects.update(damage="its file is missing")
    assert ask(video.url)[0] == 410


def test_a_missing_file_is_not_found(ask: Ask, video: Video) -> None:
    Path(video.poster.path).unlink()
    assert ask(video.poster_url)[0] == 404


def test_guests_of_a_link_get_its_files_uncached(ask: Ask, video: Video, staff: User) -> None:
    share = sharing.share(video, Terms(), at=clock.now(), by=staff)
    status, headers, body = ask(f"{share.get_absolute_url()}media/{video.file}", cookie="", Range="bytes=0-3")
    assert (status, body) == (206, CONTENT[:4])
    assert headers["cache-control"] == "private, no-store"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["referrer-policy"] == "no-referrer"
    sharing.revoke(share, at=clock.now())
    assert ask(f"{share.get_absolute_url()}media/{video.file}", cookie="")[0] == 404
