"""Whose a session is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session as OldSession
from django.test import Client
from django.utils import timezone

from generations.models import Session


def test_a_session_belongs_to_who_signed_in(admin_client: Client, staff: User) -> None:
    session = Session.objects.get()
    assert (session.person, str(session)) == (staff, "mira")
    assert not OldSession.objects.exists()


def test_a_persons_sessions_end_and_no_others(admin_client: Client, staff: User) -> None:
    other, theirs = User.objects.create_superuser("nora"), Client()
    theirs.force_login(other)
    Client().force_login(staff)
    here = admin_client.session.session_key
    assert Session.objects.end(staff, but=here) == 1
    assert [each.session_key for each in Session.objects.open_of(staff, at=timezone.now())] == [here]
    assert Session.objects.end(staff) == 1
    assert admin_client.get("/admin/").status_code == 302
    assert theirs.get("/admin/").status_code == 200


def test_one_that_ended_is_not_open(admin_client: Client, staff: User) -> None:
    assert not Session.objects.open_of(staff, at=timezone.now() + timedelta(hours=12, seconds=1)).exists()


@pytest.mark.django_db
def test_ended_sessions_are_removed_at_the_next_sign_in(staff: User) -> None:
    Client().force_login(staff)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    Client().force_login(staff)
    assert Session.objects.count() == 1
