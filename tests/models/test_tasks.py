"""A task's one column of state, its table of moves, and the one door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from generations.models import GenerationTask, Status
from generations.models.statuses import ACTIVE, ENDED, MOVES
from generations.models.tasks import ForbiddenMove
from generations.providers.offers import OFFERS
from tests.factories import NOW, a_task, a_video


def test_every_status_has_its_row_in_the_table() -> None:
    assert set(MOVES) == set(Status)


def test_every_status_can_be_reached_and_the_ended_ones_are_the_end() -> None:
    reachable = {Status.QUEUED}.union(*MOVES.values())
    assert reachable == set(Status)
    assert [status for status in Status if not MOVES[status]] == list(ENDED)


@pytest.mark.django_db
@pytest.mark.parametrize("was", list(Status))
def test_a_move_that_the_table_does_not_have_is_a_bug(was: Status) -> None:
    task = a_task(was)
    for to in set(Status) - MOVES[was]:
        with pytest.raises(ForbiddenMove):
            task.move(to, "why", at=NOW)


@pytest.mark.django_db
def test_a_move_writes_its_line_on_the_timeline() -> None:
    task = a_task()
    assert task.move(Status.CANCELED, "no longer needed", at=NOW)
    event = task.events.get()
    assert (event.was, event.now, event.reason, event.at) == ("queued", "canceled", "no longer needed", NOW)


@pytest.mark.django_db
def test_who_comes_second_moves_nothing_and_writes_nothing() -> None:
    first = a_task()
    second = GenerationTask.objects.get(pk=first.pk)
    assert first.move(Status.CANCELED, "first", at=NOW)
    assert not second.move(Status.SUBMITTING, "second", at=NOW, due_at=NOW)
    assert GenerationTask.objects.get(pk=first.pk).status == Status.CANCELED
    assert first.events.count() == 1


@pytest.mark.django_db
def test_putting_off_a_row_that_someone_touched_does_nothing() -> None:
    task = a_task(Status.RUNNING)
    GenerationTask.objects.filter(pk=task.pk).update(due_at=NOW + timedelta(seconds=1))
    assert not task.put_off(due_at=NOW + timedelta(hours=1))


@pytest.mark.django_db
@pytest.mark.parametrize("status", ACTIVE)
def test_the_database_refuses_a_task_under_way_that_nobody_will_look_at(status: Status) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        a_task(status, due_at=None)


@pytest.mark.django_db
def test_the_database_refuses_a_status_that_is_not_one() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        a_task("done", due_at=None)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_remote_id_belongs_to_one_task_of_a_provider() -> None:
    a_task(Status.RUNNING, remote_id="same")
    a_task(Status.RUNNING, remote_id="same", provider="apikley")
    with pytest.raises(IntegrityError), transaction.atomic():
        a_task(Status.RUNNING, remote_id="same")


@pytest.mark.django_db
def test_a_task_in_json_has_every_key_of_the_contract() -> None:
    video = a_video(a_task(Status.STORED))
    row = GenerationTask.objects.with_charged().get(pk=video.task_id).as_json()
    assert " ".join(sorted(row)) == (
        "aspect_ratio charged_is_minimum charged_usd created_at due_at duration_seconds error_code error_kind"
        " error_message finished_at id mode model parameters practice price_is_minimum price_usd prompt provider"
        " remote_id retry_of sound source_expires_at status stored_at submitted_at videos warnings"
    )
    assert " ".join(sorted(row["videos"][0])) == (
        "duration_seconds fps has_audio height id path sha256 size_bytes url width"
    )
    assert (row["price_usd"], row["charged_usd"], row["sound"], row["error_code"]) == ("0.3000", "0.3000", None, None)


def test_a_task_is_overdue_after_twice_its_documented_time(settings: Settings) -> None:
    task = GenerationTask(
        status=Status.RUNNING, provider="apixo", model="kling-2-6", mode="text-to-video", duration_seconds=5,
        submitted_at=NOW,
    )  # fmt: skip
    assert task.overdue_seconds(at=NOW + timedelta(seconds=140), scale=1) == 0
    assert task.overdue_seconds(at=NOW + timedelta(seconds=150), scale=1) == 10
    assert task.overdue_seconds(at=NOW + timedelta(seconds=24), scale=0.1) == pytest.approx(10)


@pytest.mark.parametrize("name", ["aspect_ratio", "route"])
def test_every_value_of_the_menu_fits_its_column(name: str) -> None:
    parameters = [offer.parameters[name] for offer in OFFERS.values() if name in offer.parameters]
    longest = max(len(value) for parameter in parameters for value, _ in parameter.options())
    column: Any = GenerationTask._meta.get_field(name)
    assert longest <= column.max_length
