"""The provider of the soak does as its seed says, and the judge can tell right from wrong."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.crash.faulty_provider.faults import ORDER_FAULTS
from tests.crash.faulty_provider.server import SITE, FaultyProvider
from tests.crash.judge import rules
from tests.crash.judge.database import Database
from tests.factories import NOW

PROMPTS = [f"gull {number}" for number in range(60)]


@pytest.fixture
def dicing() -> Iterator[FaultyProvider]:
    with FaultyProvider(seed=1, slow_seconds=0.3, hang_seconds=0.1) as running:
        yield running


def order(provider: FaultyProvider, prompt: str) -> None:
    with contextlib.suppress(requests.RequestException):  # that is what it is there for
        requests.post(f"{provider.url}/{SITE}/apixo/generateTask/kling", json={"input": {"prompt": prompt}}, timeout=10)


def rows(prompts: list[str]) -> Database:
    return Database([{"prompt_text": prompt} for prompt in prompts], [], [], [], [])


def test_an_order_that_comes_twice_is_told_unless_the_first_was_refused(dicing: FaultyProvider) -> None:
    for prompt in PROMPTS:
        order(dicing, prompt)
    assert list(rules.paid_once(rows(PROMPTS), dicing.journal.truth())) == []
    faults = {post["prompt"]: post["fault"] for post in dicing.journal.posts}
    for prompt in PROMPTS:
        order(dicing, prompt)
    told = {line.split("'")[1] for line in rules.paid_once(rows(PROMPTS), dicing.journal.truth())}
    assert told == {prompt for prompt, fault in faults.items() if not fault or not ORDER_FAULTS[fault].refused}


def test_the_same_seed_gives_the_same_orders_the_same_fault(dicing: FaultyProvider) -> None:
    with FaultyProvider(seed=1, slow_seconds=0.3, hang_seconds=0.1) as again:
        for prompt in PROMPTS[:20]:
            order(dicing, prompt)
            order(again, prompt)
        assert dicing.journal.posts == again.journal.posts
        assert {post["fault"] for post in again.journal.posts} > {"", "lost answer"}


def test_in_the_end_it_hands_out_a_whole_clip_of_each_task(dicing: FaultyProvider) -> None:
    for prompt in PROMPTS[:12]:
        order(dicing, prompt)
    for task in dicing.journal.tasks.values():
        for __ in task.script.files:
            with contextlib.suppress(requests.RequestException):
                requests.get(f"{dicing.url}/{SITE}/files/{task.id}/0.mp4?v={task.renewals}", timeout=10)
        whole = requests.get(f"{dicing.url}/{SITE}/files/{task.id}/0.mp4?v={task.renewals}", timeout=10).content
        assert whole == task.clips[0]
    assert len({task.clips[0] for task in dicing.journal.tasks.values()}) == len(dicing.journal.tasks)


def found_in(folder: Path, content: bytes, made: dict[str, Any], **columns: Any) -> list[str]:
    """What the judge says of a stored clip with this content, of a task of which this was made."""
    (folder / "a.mp4").write_bytes(content)
    row = {"id": 1, "remote_id": "a", "status": "stored"}
    video = {"id": 1, "task_id": 1, "position": 0, "file": "a.mp4", "poster": "", "poster_small": ""}
    video |= {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} | columns
    return list(rules.files(Database([row], [], [video], [], []), {"tasks": {"a": made}}, folder))


@pytest.mark.parametrize("content", [b"whole", b"whol", b"<html>"])
def test_the_judge_sees_a_file_that_is_not_the_clip_that_was_made(content: bytes, tmp_path: Path) -> None:
    made = hashlib.sha256(b"whole").hexdigest()
    found = found_in(tmp_path, content, {"sha256": [made]}, size_bytes=5, sha256=made)
    assert bool(found) == (content != b"whole")


def test_the_judge_sees_what_is_due_never_or_too_late() -> None:
    due: list[datetime | None] = [NOW, None, NOW.replace(year=2999)]
    tasks = [{"id": number, "status": "running", "due_at": at} for number, at in enumerate(due)]
    assert len(list(rules.has_its_time(Database(tasks, [], [], [], []), NOW))) == 2


@pytest.mark.parametrize(
    ("flag", "due_at", "is_kept_well"), [("it is cut", None, True), ("", NOW, True), ("", None, False)]
)
def test_the_judge_sees_a_damaged_clip_that_nobody_is_told_of(
    flag: str, due_at: datetime | None, is_kept_well: bool, tmp_path: Path
) -> None:
    made = {"sha256": ["another"], "damaged": [hashlib.sha256(b"whol").hexdigest()]}
    found = found_in(tmp_path, b"whol", made, arrived_damaged=flag, decode_due_at=due_at)
    assert (not found) == is_kept_well


def test_the_judge_sees_a_late_decoding_that_was_forgotten() -> None:
    videos = [
        {"id": number, "decoded_at": decoded_at, "decode_due_at": due_at}
        for number, (decoded_at, due_at) in enumerate([(NOW, None), (None, NOW), (NOW, NOW)])
    ]
    assert len(list(rules.late_decodes(Database([], [], videos, [], [])))) == 2
