"""How the tests of `reconcile` run it, and what they compare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from generations.integrity import reconcile
from generations.integrity.reconcile import AuditResult, Slice
from generations.media.store import store
from generations.models import GenerationTask, Status, TaskEvent, Video
from tests.clips import clip
from tests.factories import NOW, a_task, an_image
from tests.trees import a_complete_video, a_file

GOOD = cache(lambda: clip("faststart", seconds=1.0))
LATER = NOW + timedelta(minutes=1)


def run(at: datetime = NOW, *, worker_lives: bool = True, part: Slice | None = None) -> AuditResult:
    done = reconcile.reconcile(at=at, worker_lives=worker_lives, part=part)
    assert done is not None
    return done


def left(done: AuditResult) -> list[tuple[str, int | None, str]]:
    return [(item["what"], item["id"], item["why"]) for item in done.remains]


def all_rows() -> dict[str, Any]:
    """What the database says, but for the stamps of the comparison itself."""
    return {
        "videos": list(Video.objects.order_by("pk").values_list("pk", *NAMES, "damage", "source_url")),
        "tasks": list(GenerationTask.objects.order_by("pk").values()),
        "events": list(TaskEvent.objects.order_by("pk").values()),
    }


NAMES = ("file", "poster", "poster_small")


def with_poster(content: bytes = b"\xff\xd8 still \xff\xd9", **changes: Any) -> Video:
    a_file("posters/2026/a.jpg", content, age=timedelta(0))
    a_file("posters/2026/a-320.jpg", b"\xff\xd8 small \xff\xd9", age=timedelta(0))
    names = {"poster": "posters/2026/a.jpg", "poster_small": "posters/2026/a-320.jpg"}
    return a_complete_video(content=GOOD(), **names | changes)


def everything_wrong(lost: Callable[..., Video]) -> None:
    lost()
    a_complete_video().path.unlink()
    a_complete_video(content=b"twelve bytes").path.write_bytes(b"twelve BYTES")
    with_poster(b"cut")
    a_file("videos/stray.mp4")
    a_file("tmp/old.part")
    (store.root / "videos/link.mp4").symlink_to("/etc/passwd")
    a_task(Status.READY, due_at=NOW - timedelta(days=1))
    a_task(Status.UNCONFIRMED)
    an_image(b"gone")
    (store.root / "images").rename(store.root / "quarantine")
