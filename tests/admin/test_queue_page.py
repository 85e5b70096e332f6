"""What the queue's page says of each task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.admin import queue_page
from generations.admin.queue_page import Part, Row
from generations.admin.task_page import Progress
from generations.models import Delivery, GenerationTask, Pause, Status
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db


def shown(person: User, *, only_mine: bool = False, after: float = 0.0) -> dict[str, Part]:
    found: Any = queue_page.queue(person, only_mine=only_mine, at=NOW + timedelta(seconds=after))["parts"]
    return {part.key: part for part in found}


def row_of(task: GenerationTask, person: User, *, after: float = 0.0) -> Row:
    rows = [row for part in shown(person, after=after).values() for row in part.rows if row.task == task]
    (row,) = rows  # in one part, and only there
    return row


def test_each_task_is_in_the_part_of_what_happens_next(staff: User, settings: Any) -> None:
    settings.WAIT_SCALE = 1
    expected = {
        "person": [
            a_task(Status.UNCONFIRMED),
            a_task(Status.LOST),
            a_task(Status.READY, failures=3),
            a_task(Status.RUNNING, submitted_at=NOW - timedelta(hours=1)),
            a_task(Status.FAILED, candidate_id="named-later"),
        ],
        "queued": [a_task(Status.QUEUED)],
        "generating": [a_task(Status.SUBMITTING), a_task(Status.RUNNING)],
        "saving": [a_task(Status.READY)],
    }
    for status in (Status.STORED, Status.FAILED, Status.CANCELED):
        a_task(status)
    a_task(Status.QUEUED, practice=False)  # nothing sends it in practice mode
    found = shown(staff)
    assert {key: {row.task for row in found[key].rows} for key in found} == {
        key: set(tasks) for key, tasks in expected.items()
    }
    assert [found[key].count for key in found] == [5, 1, 2, 1]


@pytest.mark.parametrize(
    ("count", "mine", "words"),
    [(0, 0, "none"), (5, 2, "2 of 5 are yours"), (5, 1, "1 of 5 is yours"), (5, 0, "0 of 5 are yours"),
     (1, 1, "yours"), (5, 5, "all 5 are yours")],
)  # fmt: skip
def test_a_part_says_how_many_are_yours(count: int, mine: int, words: str) -> None:
    part = Part(key="queued", rows=[], count=count, mine=mine, more=0, more_url="")
    assert part.yours == words


def test_a_part_shows_its_first_rows_and_leads_to_the_others(staff: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(queue_page, "SHOWN", 2)
    first, second, _ = (a_task(Status.QUEUED) for _ in range(3))
    queued = shown(staff)["queued"]
    assert [row.task for row in queued.rows] == [first, second]
    assert queued.more == 1
    assert queued.more_url == "/admin/generations/generationtask/?status=queued&practice__exact=1"


def test_a_running_task_shows_its_time_against_the_expected_range(staff: User, settings: Any) -> None:
    settings.WAIT_SCALE = 1
    task = a_task(Status.RUNNING, due_at=NOW + timedelta(seconds=45))
    row = row_of(task, staff, after=40)
    assert row.time == "usually 30–45 s, running 40 s"
    assert row.next_step == "next check in 5 s"
    assert 'aria-label="usually 30–45 s, running 40 s"' in row.bar


def test_the_bar_spans_the_expected_range_and_stretches_for_a_late_task() -> None:
    in_time, late = queue_page.bar(Progress(50, 50, 80)), queue_page.bar(Progress(200, 50, 80))
    assert 'class="expected" x="50.0" width="30.0"' in in_time
    assert 'class="elapsed" width="50.0"' in in_time
    assert 'class="expected" x="25.0" width="15.0"' in late
    assert 'class="elapsed" width="100.0"' in late
    assert ("span-late" in in_time, "span-late" in late) == (False, True)


@pytest.mark.parametrize(
    ("status", "changes", "time", "step"),
    [
        (Status.QUEUED, {}, "waiting 10 s", "waiting to be sent"),
        (Status.QUEUED, {"failures": 1, "due_at": NOW + timedelta(seconds=40)}, "waiting 10 s", "sent again in 30 s"),
        (Status.SUBMITTING, {}, "sent 10 s ago", "being sent"),
        (Status.READY, {}, "made 10 s ago", "being downloaded"),
        (Status.READY, {"failures": 1, "due_at": NOW + timedelta(seconds=40)}, "made 10 s ago",
         "the download failed, next try in 30 s"),
    ],
)  # fmt: skip
def test_a_row_says_how_long_and_what_comes_next(
    staff: User, status: Status, changes: dict[str, Any], time: str, step: str
) -> None:
    row = row_of(a_task(status, **changes), staff, after=10)
    assert (row.time, row.next_step) == (time, step)


def test_a_queued_task_says_that_its_orders_are_paused(staff: User) -> None:
    Pause.objects.create(provider="apixo", model="kling-2-6", reason="403", paused_at=NOW)
    waiting, other = a_task(Status.QUEUED, model="kling-2-6"), a_task(Status.QUEUED)
    assert row_of(waiting, staff).next_step == "waits: orders of Kling 2.6 to APIXO are paused"
    assert row_of(other, staff).next_step == "waiting to be sent"


def test_a_row_says_who_ordered_and_marks_your_own(staff: User) -> None:
    mine, other = a_task(Status.QUEUED, ordered_by=staff), a_task(Status.QUEUED)
    assert (row_of(mine, staff).who, row_of(mine, staff).is_mine) == ("you", True)
    assert (row_of(other, staff).who, row_of(other, staff).is_mine) == ("a command", False)


def test_what_the_provider_last_said_is_kept_and_its_tokens_are_masked(staff: User) -> None:
    task = a_task(
        Status.RUNNING, remote_state="generating", error_code="502", error_message="bad gateway",
        submitted_at=NOW,
    )  # fmt: skip
    task.note("accepted as remote-1", at=NOW)
    for number, state in enumerate(("waiting", "generating")):
        body = f'{{"state": "{state}", "to": "https://x.example/webhooks/apixo/MQ.secret/"}}'
        Delivery.objects.create(task=task, received_at=NOW, digest=str(number), body=body)
    answers = dict(row_of(task, staff).answers)
    assert answers["State"] == "generating"
    assert answers["Error"] == "502 bad gateway"
    assert answers["Timeline"] == "12:00:00 accepted as remote-1"
    assert '"state": "generating"' in answers["Last callback"]
    assert "secret" not in answers["Last callback"]


def test_a_long_callback_is_cut_and_one_that_is_no_json_is_shown_as_it_came(staff: User) -> None:
    task = a_task(Status.RUNNING, submitted_at=NOW)
    Delivery.objects.create(task=task, received_at=NOW, digest="0", body="x" * 5000)
    assert dict(row_of(task, staff).answers)["Last callback"] == "x" * queue_page.ANSWER_LENGTH


def test_nothing_is_shown_where_nothing_was_answered(staff: User) -> None:
    assert row_of(a_task(Status.QUEUED), staff).answers == []
