"""Each happening once and each person once: whatever commits late, runs twice or runs at the same time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from generations.models import (
    Happening,
    HowOften,
    Notice,
    NoticeChoice,
    NoticeCursor,
    NoticeKind,
    TaskEvent,
    WebhookMessage,
)
from generations.notices import deriving
from generations.notices.deriving import LATEST_COMMIT, derive
from tests.factories import NOW
from tests.notices.telling import an_endpoint, fail, someone, told

MINUTE = timedelta(minutes=1)


def late(event: TaskEvent) -> TaskEvent:
    """Take an event away, as if its transaction had not committed yet."""
    TaskEvent.objects.filter(pk=event.pk).delete()
    return event


@pytest.mark.django_db
def test_a_second_run_finds_nothing_new() -> None:
    anna = someone("anna")
    fail(anna)
    assert [derive(at=NOW + n * LATEST_COMMIT) for n in range(4)] == [1, 0, 0, 0]
    assert Notice.objects.count() == 1


@pytest.mark.django_db
def test_an_event_that_commits_after_a_later_one_is_told() -> None:
    anna = someone("anna")
    uncommitted = late(fail(anna).events.get())
    fail(anna)
    assert derive(at=NOW) == 1
    assert derive(at=NOW + LATEST_COMMIT - MINUTE) == 0
    uncommitted.save(force_insert=True)
    assert derive(at=NOW + LATEST_COMMIT) == 1
    assert Notice.objects.filter(person=anna).count() == 2


@pytest.mark.django_db
def test_rows_are_read_again_only_for_as_long_as_one_may_commit_late() -> None:
    newest = fail(someone("anna")).events.get().pk
    for number, settled in enumerate((0, newest, newest)):
        derive(at=NOW + number * LATEST_COMMIT)
        assert NoticeCursor.objects.get(name="tasks").settled == settled


@pytest.mark.django_db
def test_a_run_that_dies_leaves_the_cursor_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    anna = someone("anna")
    fail(anna)
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(deriving, "_messages", lambda rows, at: 1 / 0)
        derive(at=NOW)
    assert not Happening.objects.exists()
    assert told(anna) == [NoticeKind.FAILED]


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_tell_each_person_once() -> None:
    anna = someone("anna")
    an_endpoint("https://hooks.example.com/")
    for _ in range(5):
        fail(anna)
    gate = threading.Barrier(2)

    def run() -> None:
        gate.wait()
        derive(at=NOW)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Happening.objects.count(), Notice.objects.count(), WebhookMessage.objects.count()) == (5, 5, 5)


@pytest.mark.django_db
def test_a_person_is_told_where_they_want_to_be_told() -> None:
    anna = someone("anna")
    only_mail = {"hidden": [NoticeKind.FAILED], "mailed": [NoticeKind.FAILED], "how_often": HowOften.HOURLY}
    choice = NoticeChoice.objects.create(person=anna, **only_mail)
    fail(anna)
    derive(at=NOW)
    assert list(Notice.objects.values_list("in_admin", "by_mail")) == [(False, True)]
    choice.mailed = []
    choice.save()
    fail(anna)
    derive(at=NOW)
    assert Notice.objects.count() == 1


@pytest.mark.django_db
def test_an_endpoint_gets_its_kinds_while_it_is_active() -> None:
    wants = an_endpoint("https://a.example.com/", NoticeKind.FAILED)
    an_endpoint("https://b.example.com/", NoticeKind.BATCH)
    an_endpoint("https://c.example.com/", active=False)
    fail(None)
    derive(at=NOW)
    assert [(message.endpoint, message.due_at) for message in WebhookMessage.objects.all()] == [(wants, NOW)]
