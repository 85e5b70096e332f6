"""Results that no provider would send on purpose: each is stored whole, or is a failure that the product knows.

CI fetches some; `python -m pytest tests/test_hostile_results.py --hypothesis-profile=long` fetches 5,000.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from generations.lifecycle import saving
from generations.media import downloads
from generations.models import GenerationTask, Lease, Status, Video
from tests.clips import clip
from tests.factories import a_task
from tests.hostile import cut_and_changed, some
from tests.servers import PreparedServer

pytestmark = pytest.mark.django_db
CLIP = clip("faststart", seconds=0.5)

STATUSES = st.sampled_from(
    ["200 OK"] * 6 + ["206 Partial", "204 None", "304 Same", "404 No", "410 Gone", "429 Later", "500 Oh", "099 ?", "x"]
)
odd = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)
numbers = st.sampled_from(["0", "-1", "1e9", "9" * 400, "0x10", "4 4", ""]) | st.integers(-9, 9**9).map(str)
places = st.sampled_from(
    [
        "/clip.mp4",
        "http://127.0.0.1:9/",
        "http://[::1/",
        "http://evil.example/",
        "file:///etc/passwd",
        "//",
        "\\\\x",
        "?",
    ]
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Content-Length": st.just(str(len(CLIP))) | numbers | odd,
        "Content-Type": st.sampled_from(["video/mp4", "text/html", "image/png", "application/json"]) | odd,
        "Content-Range": odd | st.builds("bytes {}-{}/{}".format, numbers, numbers, numbers),
        "Content-Encoding": st.sampled_from(["gzip", "br", "identity", "deflate, gzip"]) | odd,
        "Transfer-Encoding": st.just("chunked") | odd,
        "Location": places | odd,
        "ETag": st.sampled_from(['"a"', 'W/"a"']) | odd,
        "Accept-Ranges": st.sampled_from(["bytes", "none"]),
        "Last-Modified": odd,
        "Date": odd,
        "Set-Cookie": odd,
    },
)


def written(status: str, fields: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


bodies = st.just(CLIP) | cut_and_changed(CLIP) | st.binary(max_size=60)
results = st.builds(written, STATUSES, headers, bodies) | st.binary(max_size=200)


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[PreparedServer]:
    one = PreparedServer()
    settings.RESULT_ORIGINS = [one.url]
    settings.DOWNLOAD_DEADLINE_SECONDS = 5
    settings.DOWNLOAD_MAX_MB = 1
    monkeypatch.setattr(downloads, "PAUSES_SECONDS", (0.0, 0.0))
    yield one
    one.stop()


@some
@given(first=results, then=results)
def test_a_result_is_stored_whole_or_fails_as_the_product_knows(
    server: PreparedServer, media_root: Path, first: bytes, then: bytes
) -> None:
    expires = timezone.now() + timedelta(days=1)
    task = a_task(Status.READY, result_urls=[f"{server.url}/clip.mp4"], source_expires_at=expires, duration_seconds=5)
    server.answers = itertools.chain([first], itertools.repeat(then))
    is_stored = saving.save(task.pk)
    task.refresh_from_db()
    assert task.status == (Status.STORED if is_stored else Status.READY)
    assert is_stored or task.error_message
    assert Video.objects.filter(task=task).count() == is_stored
    assert list((media_root / "tmp").iterdir()) == []
    for video in task.videos.all():
        assert video.path.stat().st_size == video.size_bytes
    Video.objects.all().delete()
    Lease.objects.all().delete()
    GenerationTask.objects.update(result_urls=[])
