"""`manage.py check_invariants`."""

from __future__ import annotations

import json
from functools import partial

import pytest

from generations.models import GenerationTask, Status, Video
from tests.commands.running import output
from tests.task_histories import a_life

pytestmark = pytest.mark.django_db
check = partial(output, "check_invariants")


def test_kept_promises_are_told_with_what_was_looked_at_and_end_with_0() -> None:
    a_life(Status.STORED)
    lines = check().splitlines()
    assert lines[0] == "P1: 1 tasks and their timelines"
    assert lines[-1] == "All promises hold."
    assert json.loads(check("--json"))["ok"] is True


def test_a_broken_one_is_named_with_its_row_and_ends_with_1() -> None:
    task = a_life(Status.RUNNING)
    GenerationTask.objects.filter(pk=task.pk).update(remote_id=None)
    lines = check(code=1).splitlines()
    assert lines[-2:] == [
        f"BROKEN P3: task {task.pk}: it is running, but has no id of the provider", "1 broken.",
    ]  # fmt: skip
    assert json.loads(check("--json", code=1))["broken"][0]["task"] == task.pk


def test_a_quick_look_trusts_the_bytes_and_a_whole_one_reads_them() -> None:
    a_life(Status.STORED)
    video = Video.objects.get()
    video.path.write_bytes(b"A WHOLE CLIP")
    assert "All promises hold." in check("--quick")
    assert "BROKEN P7" in check(code=1)
