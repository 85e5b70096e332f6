"""`manage.py reconcile`."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from generations import clock
from generations.integrity.reconcile import LEASE
from generations.management.commands import reconcile as command
from generations.models import Lease, Status
from tests.commands.running import output
from tests.factories import a_task
from tests.trees import a_complete_video, a_file

pytestmark = pytest.mark.django_db
reconcile = partial(output, "reconcile")


def test_where_all_is_well_it_says_so_and_ends_with_0() -> None:
    a_complete_video()
    assert reconcile() == (
        "1 clips (1 kB) and 0 start images compared with their rows, 1 files listed.\nAll is well.\n"
    )


def test_what_was_repaired_is_told_and_ends_with_0() -> None:
    video = a_complete_video(damage="its file is missing")
    a_file("videos/stray.mp4")
    lines = reconcile().splitlines()
    assert f"video {video.pk}: complete again, no longer marked as damaged." in lines
    day = f"{clock.now():%Y-%m-%d}"
    assert f"videos/stray.mp4: no row names it, moved to quarantine/{day}/videos/stray.mp4." in lines
    assert lines[-1] == "All is well."


def test_what_remains_is_told_and_ends_with_1() -> None:
    task = a_task(Status.UNCONFIRMED, due_at=clock.now())
    assert reconcile(code=1).endswith(
        f"Needs a person:\n  task {task.pk}: unconfirmed: nobody knows whether the provider accepted it\n"
    )


def test_json_is_one_object_whatever_remains() -> None:
    assert json.loads(reconcile("--json"))["ok"] is True
    task = a_task(Status.LOST)
    answer = json.loads(reconcile("--json", code=1))
    assert answer["ok"] is False
    assert answer["remains"] == [{"what": "task", "id": task.pk, "path": None, "why": "lost: charged, clip lost"}]


def test_while_another_run_is_under_way_it_does_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "WAIT_SECONDS", 0)
    Lease.objects.take(LEASE, seconds=60)
    a_file("videos/stray.mp4")
    answer: dict[str, Any] = json.loads(reconcile("--json", code=1))
    assert [item["why"] for item in answer["remains"]] == ["another run is in progress: nothing was done"]
    assert (answer["finished"], answer["quarantined"]) == (False, [])
