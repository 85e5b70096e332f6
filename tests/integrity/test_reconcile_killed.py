"""A comparison of rows and files that is killed at any moment: the next one brings all to the same end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.integrity.reconcile import LEASE, reconcile
from generations.media.store import store
from generations.models import Lease, Status, Video
from tests.clips import clip
from tests.factories import NOW, a_task
from tests.trees import a_complete_video, a_file, tree

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = cache(lambda: clip("faststart", seconds=1.0))
FILES = ("open", "rename", "replace", "unlink", "fsync")
WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT", "RELEASE")


@pytest.fixture
def harm(httpserver: HTTPServer, settings: Settings) -> Callable[[], None]:
    """What a run has to see to: a clip that is gone, one that is cut, a mark, a poster, orphans, a part file."""
    settings.RESULT_ORIGINS = [httpserver.url_for("").rstrip("/")]
    httpserver.expect_request("/clip.mp4").respond_with_data(GOOD(), content_type="video/mp4")
    url = httpserver.url_for("/clip.mp4")
    task = a_task(Status.STORED, result_urls=[url])
    facts: dict[str, Any] = {"content": GOOD(), "source_url": url}
    gone, cut, marked = (a_complete_video(task, position=position, **facts) for position in range(3))
    Video.objects.filter(pk=marked.pk).update(poster="posters/2026/a.jpg")

    def again() -> None:
        gone.path.unlink()
        cut.path.write_bytes(b"cut")
        Video.objects.filter(pk=marked.pk).update(damage="its file is missing")
        for path in store.root.glob("quarantine/**/*.mp4"):
            path.unlink()
        for name in ("posters/2026/a.jpg", "videos/2026/stray.mp4", "videos/2026/other.mp4", "tmp/old.part"):
            a_file(name, b"stray")

    return again


def run_until(effect: int) -> bool:
    """Run in a process of its own, which is killed before its so-many-th effect; whether it came to its end."""
    connection.close()  # a connection is not shared by two processes
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert status in (0, signal.SIGKILL), "a fault of its own"
        return status == 0
    try:
        connection.ensure_connection()
        count_down(effect)
        reconcile(at=NOW, worker_lives=True)
        os._exit(0)
    finally:
        os._exit(1)


def count_down(effect: int) -> None:
    left, lock = [effect], threading.Lock()

    def tick() -> None:
        with lock:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def before(*args: Any, **options: Any) -> Any:
            tick()
            return call(*args, **options)

        return before

    def query(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(WRITES):
            tick()
        return execute(sql, params, many, context)

    for name in FILES:
        setattr(os, name, counted(getattr(os, name)))
    connection.execute_wrappers.append(query)
    connection.commit = counted(connection.commit)  # type: ignore[method-assign]


def is_in_order() -> bool:
    """What must be so at the very moment of death: a file is what it was or what it shall be, and no bytes are gone."""
    files = tree()
    orphans = {content for name, content in files.items() if "stray" in name or "other" in name}
    clips = {files.get(str(video.file)) for video in Video.objects.all()}
    return clips <= {GOOD(), b"cut", None} and orphans - {b""} == {b"stray"}


def ends() -> tuple[dict[str, bytes], list[Any]]:
    """Where all came to: files without the bytes of a poster, and rows."""
    files = {name: content[:2] if name.endswith(".jpg") else content for name, content in tree().items()}
    return files, list(Video.objects.order_by("pk").values("file", "poster", "damage", "checked_at", "sha256"))


def test_killed_before_any_of_its_effects_it_is_made_good_by_the_next_run(harm: Callable[[], None]) -> None:
    harm()
    assert reconcile(at=NOW, worker_lives=True)
    expected, effect, finished = ends(), 0, False
    assert sorted(name for name in expected[0] if name.startswith("quarantine/")) == [
        "quarantine/2026-11-20/videos/2026/other.mp4", "quarantine/2026-11-20/videos/2026/stray.mp4",
    ]  # fmt: skip
    while not finished:
        effect += 1
        harm()
        finished = run_until(effect)
        assert is_in_order(), f"at effect {effect}"
        Lease.objects.filter(name=LEASE).update(token=None)
        for path in (store.root / "tmp").glob("*.part"):  # of this moment: an hour passes
            os.utime(path, ((NOW - timedelta(hours=2)).timestamp(),) * 2)
        done = reconcile(at=NOW, worker_lives=True)
        assert done is not None
        assert done.is_well, f"after effect {effect}: {done.remains}"
        files, rows = ends()
        files = {name: content for name, content in files.items() if content or "quarantine" not in name}
        assert rows == expected[1], f"after effect {effect}"
        assert set(files.values()) == set(expected[0].values()), f"after effect {effect}"
        assert {name for name in files if "quarantine" not in name} == {
            name for name in expected[0] if "quarantine" not in name
        }, f"after effect {effect}"
    assert effect > 25
