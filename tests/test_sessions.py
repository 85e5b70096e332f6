"""Sessions end after twelve hours of silence and after thirty days; what a page polls by itself is silence too."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generations.models import Session
from generations.models.sessions import SIGNED_IN

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
    return sum(not query["sql"].startswith("SELECT") and "generations_session" in query["sql"] for query in queries)


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


def began(client: Client, **before: float) -> None:
    session: Any = client.session
    session[SIGNED_IN] = [int((timezone.now() - timedelta(**before)).timestamp()), "", ""]
    session.save()


def test_a_session_ends_thirty_days_after_the_sign_in_whatever_its_person_did(admin_client: Client) -> None:
    began(admin_client, days=29, hours=20)
    assert timedelta(hours=3.9) < left() <= timedelta(hours=4)
    assert writes(admin_client) == 0  # there is no more to renew
    lasts(hours=10)
    response = admin_client.get("/")
    assert left() <= timedelta(hours=4)
    assert response.cookies["sessionid"]["max-age"] <= 4 * 3600
    began(admin_client, days=30, seconds=1)
    assert admin_client.get("/")["Location"].startswith("/login/")


def test_signing_in_again_begins_a_session_of_another_name(admin_client: Client, staff: User) -> None:
    old = admin_client.session.session_key
    began(admin_client, days=20)
    admin_client.post("/admin/login/", {"username": "mira", "password": "a long enough password"})
    assert admin_client.session.session_key != old
    assert not Session.objects.filter(session_key=old).exists()
    assert admin_client.session[SIGNED_IN][0] > (timezone.now() - timedelta(minutes=1)).timestamp()


def test_signing_out_ends_the_session_at_the_site(admin_client: Client) -> None:
    stolen = admin_client.cookies["sessionid"].value
    admin_client.post("/logout/")
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/")["Location"].startswith("/login/")
    assert not Session.objects.exists()


def test_a_name_that_this_site_did_not_give_is_not_taken_on(staff: User) -> None:
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    client.post("/login/", {"username": "mira", "password": "a long enough password"})
    given = client.cookies["sessionid"].value
    assert given != "a" * 32 and re.fullmatch("[a-z0-9]{32}", given)  # 165 bits
