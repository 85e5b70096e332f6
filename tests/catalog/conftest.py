"""Who looks at the catalog."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.models import Review, Video
from generations.models.videos import small_name
from tests.behind_tls import put_behind_tls
from tests.factories import NOW, a_video
from tests.nginx import PROGRAM, Nginx, in_front_of
from tests.webserver import web_server


@pytest.fixture
def person(db: None) -> User:
    """Someone of the team who only looks."""
    return User.objects.create_user("anna", password="a long enough password")


@pytest.fixture
def visitor(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def videos(count: int, **changes: Any) -> list[Video]:
    """Videos a minute apart, the newest last."""
    return [a_video(created_at=NOW + timedelta(minutes=n), title=f"Clip {n}", **changes) for n in range(count)]


def with_poster(video: Video, content: bytes = b"a poster") -> Video:
    video.poster = str(video.file).replace("videos/", "posters/").replace(".mp4", ".jpg")
    video.poster_small = small_name(str(video.poster))
    video.save()
    for path in (Path(video.poster.path), Path(video.poster_small.path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return video


def body(response: Any) -> bytes:
    return bytes(response.getvalue() if response.streaming else response.content)


def text(response: Any) -> str:
    """What the page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def titles(response: Any) -> list[str]:
    return re.findall(r"<h2><a [^>]+>([^<]+)</a></h2>", response.content.decode())


def published(**changes: Any) -> Video:
    """A clip that was approved and published."""
    by, _ = User.objects.get_or_create(username="publisher")
    state = {"review": Review.APPROVED, "reviewed_at": NOW, "published_at": NOW, "published_by": by}
    return a_video(**{**state, **changes})


@pytest.fixture
def nginx(transactional_db: None, settings: Any, media_root: Path, tmp_path: Path) -> Iterator[Nginx]:
    """The site behind TLS and nginx, which sends its files."""
    if not PROGRAM:
        why = "needs Debian's nginx-light"
        (pytest.fail if os.environ.get("REQUIRE_NGINX") else pytest.skip)(why)
    put_behind_tls(settings)
    settings.ACCEL_REDIRECT, settings.TRUSTED_PROXIES = "/protected", 1
    with (
        web_server(threads=2) as site,
        in_front_of(site, tmp_path, media=media_root, is_root=os.geteuid() == 0) as running,
    ):
        yield running
