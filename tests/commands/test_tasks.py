"""`manage.py tasks`."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generations.models import Status
from tests.factories import a_task, a_video

pytestmark = pytest.mark.django_db


def tasks(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("tasks", *arguments, stdout=out)
    return json.loads(out.getvalue()) if "--json" in arguments else out.getvalue()


def test_without_tasks_the_json_is_an_empty_array() -> None:
    assert tasks("--json") == []


def test_tasks_are_listed_newest_first_with_their_videos() -> None:
    old, new = a_task(), a_video().task
    rows = tasks("--json")
    assert [row["id"] for row in rows] == [new.pk, old.pk]
    assert len(rows[0]["videos"]) == 1


def test_tasks_are_chosen_by_status_and_id() -> None:
    queued, failed = a_task(), a_task(Status.FAILED)
    assert [row["id"] for row in tasks("--status", "failed", "stored", "--json")] == [failed.pk]
    assert [row["id"] for row in tasks("--id", str(queued.pk), "--json")] == [queued.pk]


def test_a_status_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError):
        tasks("--status", "done")


def test_for_people_a_task_is_a_line() -> None:
    task = a_task(Status.FAILED, error_message="too dark")
    assert tasks() == f"task {task.pk}: failed too dark\n"
