"""Who was refused what stands in the log: one line a request, with the person or the address, and without a token."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from generations.logs import Lines
from tests.factories import a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(client: Client) -> User:
    """Staff who may look at nothing, and sees no drafts."""
    mira = User.objects.create(username="mira", is_staff=True)
    mira.groups.add(Group.objects.create(name="Clients"))
    client.force_login(mira)
    return mira


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log shows at WARNING and above, without times."""
    shown = [Lines().format(record).partition(" ")[2] for record in caplog.records if record.levelno >= logging.WARNING]
    caplog.clear()
    return shown


def test_what_a_person_may_not_do_is_logged_with_their_name(
    client: Client, mira: User, caplog: pytest.LogCaptureFixture
) -> None:
    draft = a_video()
    who = f"by mira (number {mira.pk})"
    client.get("/admin/queue/?mine=1")
    assert lines(caplog) == [f"WARNING django.request: Forbidden (Permission denied): /admin/queue/: GET {who}"]
    client.post(f"/videos/{draft.pk}/rating/", {"rating": "5"})
    assert lines(caplog) == [f"WARNING django.request: Not Found: /videos/{draft.pk}/rating/: POST {who}"]
    client.get(f"/media/{draft.file}")
    assert lines(caplog) == [f"WARNING django.request: Not Found: /media/{draft.file}: GET {who}"]


def test_people_who_are_no_staff_are_named_when_they_come_to_pages_of_staff(
    client: Client, mira: User, caplog: pytest.LogCaptureFixture
) -> None:
    User.objects.update(is_staff=False)
    assert client.get("/admin/queue/")["Location"].startswith("/admin/login/")
    refused = "is no staff, and was refused /admin/queue/"
    assert lines(caplog) == [f"WARNING generations.admin.viewer: mira (number {mira.pk}) {refused}"]
    client.get("/admin/login/")
    assert lines(caplog) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"path": "/webhooks/apixo/12:canary/", "method": "POST"}, "Not Found: /webhooks/apixo/…/: POST"),
        ({"path": "/reference/12:canary.png"}, "Not Found: /reference/12:canary.png: GET"),
        ({"path": "/s/canary/"}, "Not Found: /s/…/: GET"),
        ({"path": "/admin/login/", "method": "POST", "data": "x" * 1_100_000, "content_type": "text/plain"},
         "Request Entity Too Large: /admin/login/: POST"),
    ],
)  # fmt: skip
def test_what_strangers_try_is_logged_with_their_address(
    client: Client, caplog: pytest.LogCaptureFixture, sent: dict[str, Any], shown: str
) -> None:
    method = sent.pop("method", "GET")
    client.generic(method, REMOTE_ADDR="203.0.113.7", **sent)
    assert lines(caplog) == [f"WARNING django.request: {shown} from 203.0.113.7"]


def test_a_wrong_host_is_one_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/nothing/", headers={"host": "evil.example"}, REMOTE_ADDR="203.0.113.7")
    (line,) = lines(caplog)
    assert "Invalid HTTP_HOST header: 'evil.example'" in line and line.endswith(": GET from 203.0.113.7")
    assert "\n" not in line


def test_a_form_of_another_site_and_what_a_list_does_not_offer_are_logged(
    admin_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    admin_client.get("/admin/generations/video/?prompt_text__regex=(a|a)*$x")
    (line,) = lines(caplog)
    assert "Bad Request: /admin/generations/video/: GET by mira (number " in line
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_client.cookies
    strict.post("/videos/1/rating/", {"rating": "5"})
    (line,) = lines(caplog)
    assert "Forbidden (CSRF" in line and "/videos/1/rating/: POST " in line
