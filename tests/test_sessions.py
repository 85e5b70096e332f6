"""Sessions end after twelve hours of silence; what a page polls by itself is silence too."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

TWELVE = timedelta(hours=12)
POLL = {"Sec-Fetch-Mode": "cors"}


def left() -> timedelta:
    return Session.objects.get().expire_date - timezone.now()


def lasts(**time: float) -> datetime:
    ends_at = timezone.now() + timedelta(**time)
    Session.objects.update(expire_date=ends_at)
    return ends_at


def writes(client: Client, url: str = "/", **more: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url, **more).status_code == 200
    return sum(not query["sql"].startswith("SELECT") and "django_session" in query["sql"] for query in queries)


def test_a_session_lasts_twelve_hours(admin_client: Client) -> None:
    assert timedelta(hours=11.9) < left() <= TWELVE


def test_whoever_was_silent_for_longer_signs_in_again(admin_client: Client) -> None:
    lasts(seconds=-1)
    assert admin_client.get("/")["Location"].startswith("/login/")


def test_a_session_is_written_again_once_an_hour_and_the_cookie_with_it(admin_client: Client) -> None:
    assert writes(admin_client) == 0
    lasts(hours=10.9)
    response = admin_client.get("/")
    assert response.cookies["sessionid"]["max-age"] == TWELVE.total_seconds()
    assert left() > timedelta(hours=11.9)
    assert writes(admin_client) == 0


def test_a_page_that_polls_all_night_does_not_keep_its_person_signed_in(admin_client: Client) -> None:
    ends_at = lasts(hours=2)
    for url in ("/", "/admin/generations/generationtask/worker/"):
        assert writes(admin_client, url, headers=POLL) == 0
    assert Session.objects.get().expire_date == ends_at


def test_what_a_script_sends_for_its_person_counts(admin_client: Client) -> None:
    lasts(hours=2)
    admin_client.post("/searches/new/", {"search": "q=fox", "name": "foxes"}, headers=POLL)
    assert left() > timedelta(hours=11.9)


def test_a_session_from_before_is_shortened(admin_client: Client) -> None:
    lasts(days=14)
    admin_client.get("/")
    assert left() <= TWELVE


@pytest.mark.django_db
def test_whoever_is_not_signed_in_gets_no_session(client: Client) -> None:
    client.get("/login/")
    assert not Session.objects.exists()
