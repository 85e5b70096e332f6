"""What goes on in the studio, as its first page shows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.admin import overview
from generations.models import BalanceReading, Lease, Pause, Status
from tests.factories import NOW, a_prompt, a_task, a_video

FIRST = reverse("admin:index")


def lines(key: str) -> list[tuple[int, str]]:
    part = overview.tasks(at=NOW)[key]
    return [(line.task.pk, line.words) for line in part.lines]


def test_what_is_in_flight_is_shown_with_its_progress(db: None, settings: Any) -> None:
    settings.WAIT_SCALE = 1
    task = a_task(Status.RUNNING, submitted_at=NOW - timedelta(seconds=30))
    (line,) = overview.tasks(at=NOW)["generating"].lines
    assert (line.task, line.words) == (task, "usually 30–45 s, running 30 s")
    assert line.progress is not None and line.progress.value == 60


def test_an_overdue_task_needs_a_person_and_is_not_shown_twice(db: None) -> None:
    task = a_task(Status.RUNNING, submitted_at=NOW - timedelta(days=1))
    assert lines("person") == [(task.pk, "takes far longer than usual")]
    assert lines("generating") == []


def test_every_task_that_needs_a_person_says_why(db: None) -> None:
    a_task(Status.READY, failures=3)
    for status in (Status.UNCONFIRMED, Status.LOST):
        a_task(status)
    for status in (Status.FAILED, Status.CANCELED):
        a_task(status, send_count=1, candidate_id="x")
    assert [words for __, words in lines("person")] == [
        "canceled, and named by the provider later",
        "closed as not accepted, and named by the provider later",
        "charged, and it can no longer be downloaded",
        "nobody knows whether it was accepted: decide",
        "charged, and its download keeps failing",
    ]


def test_the_newest_task_that_needs_a_person_comes_first(db: None) -> None:
    first, second = a_task(Status.UNCONFIRMED), a_task(Status.LOST)
    assert [pk for pk, __ in lines("person")] == [second.pk, first.pk]


@pytest.mark.parametrize(
    ("left", "words", "hurries"),
    [
        (timedelta(days=14), "not saved; 14 d left to download it", False),
        (timedelta(hours=3), "not saved; 3 h left to download it", True),
        (-timedelta(hours=1), "not saved, and its download link has expired", True),
        (None, "not saved; the provider does not say how long it keeps the clip", False),
    ],
)
def test_an_unsaved_result_says_how_long_its_link_lives(
    db: None, left: timedelta | None, words: str, hurries: bool
) -> None:
    a_task(Status.READY, source_expires_at=None if left is None else NOW + left)
    (line,) = overview.tasks(at=NOW)["unsaved"].lines
    assert (line.words, line.hurries) == (words, hurries)


def test_the_result_that_expires_first_stands_first_and_in_the_tile(db: None) -> None:
    a_task(Status.READY, source_expires_at=NOW + timedelta(days=9))
    soon = a_task(Status.READY, source_expires_at=NOW + timedelta(hours=2))
    found = overview.tasks(at=NOW)
    assert found["unsaved"].lines[0].task == soon
    tile = next(tile for tile in found["tiles"] if tile["name"] == "Unsaved results")
    assert (tile["count"], tile["words"], tile["tone"]) == (2, "not saved; 2 h left to download it", "warn")


def test_more_tasks_than_are_shown_are_counted_and_led_to(admin_client: Client) -> None:
    for _ in range(overview.SHOWN + 2):
        a_task(Status.UNCONFIRMED)
    part = overview.tasks(at=NOW)["person"]
    assert (len(part.lines), part.count, part.more) == (overview.SHOWN, 8, 2)
    assert f'href="{part.url}">All 8' in admin_client.get(FIRST).content.decode()


def test_the_newest_twelve_clips_are_shown_as_posters_that_lead_to_them(admin_client: Client, admin_user: User) -> None:
    videos = [a_video(created_at=NOW + timedelta(minutes=n), title=f"Clip {n}") for n in range(overview.CLIPS + 1)]
    assert list(overview.last_clips(admin_user)) == videos[:0:-1]
    assert f'<a class="clip" href="{videos[-1].get_absolute_url()}">' in admin_client.get(FIRST).content.decode()


def test_failures_are_counted_by_kind_with_their_share(db: None) -> None:
    recent = NOW - timedelta(days=6)
    for kind in ("content", "content", "provider", "account"):
        a_task(Status.FAILED, error_kind=kind, finished_at=recent)
    a_task(Status.FAILED, error_kind="content", finished_at=NOW - timedelta(days=8))
    found = [(failure.words, failure.count, failure.percent) for failure in overview.failures(at=NOW)]
    assert found == [("Content filter", 2, 50), ("Key or balance", 1, 25), ("Problem of the provider", 1, 25)]


def test_without_failures_there_is_no_share(db: None) -> None:
    assert overview.failures(at=NOW) == []


def test_a_provider_says_whether_it_takes_orders_and_when_it_took_the_last_one(db: None) -> None:
    a_task(Status.RUNNING, submitted_at=NOW - timedelta(minutes=5))
    a_task(Status.STORED, submitted_at=NOW - timedelta(hours=5))
    Pause.objects.create(provider="apikley", reason="402: top up", paused_at=NOW)
    BalanceReading.objects.create(
        provider="apixo", practice=True, at=NOW - timedelta(hours=3), amount="12.5", unit="USD"
    )
    apixo, apikley = overview.providers(at=NOW)
    assert (apixo.name, apixo.is_paused, apixo.accepted) == ("APIXO", False, "5 min ago")
    assert apixo.balance == "$12.50, read 3 h ago"
    assert (apikley.is_paused, apikley.accepted, apikley.balance) == (True, "", "")


def test_a_pause_of_all_orders_is_one_of_each_provider_and_that_of_a_model_is_not(db: None) -> None:
    pause = Pause.objects.create(provider="apixo", model="kling-2-6", reason="403", paused_at=NOW)
    states = [(each.is_paused, each.is_partly_paused) for each in overview.providers(at=NOW)]
    assert states == [(False, True), (False, False)]
    pause.delete()
    Pause.objects.create(provider="", reason="a holiday", paused_at=NOW)
    assert [each.is_paused for each in overview.providers(at=NOW)] == [True, True]


def test_the_worker_says_when_it_was_last_alive(db: None) -> None:
    assert overview.heartbeat(at=NOW) == ""
    Lease.objects.create(name="worker", expires_at=NOW - timedelta(seconds=7))
    assert overview.heartbeat(at=NOW) == "7 s ago"


def test_a_new_studio_leads_to_its_first_clip(admin_client: Client, staff: User) -> None:
    page = " ".join(admin_client.get(FIRST).content.decode().split())
    assert f'No clip was made yet. <a href="{reverse("new_clip")}">Make the first one</a>' in page
    a_video(a_task(Status.STORED, prompt=a_prompt(title="First")))
    assert "No clip was made yet" not in admin_client.get(FIRST).content.decode()
