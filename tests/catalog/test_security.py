"""The page of one's own account: password, second step, and the browsers where one is signed in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from generations.catalog import second_step
from generations.catalog.security import _browser_name
from generations.catalog.sign_in import ACCOUNT_TRIES
from generations.models import AuditEntry, Session
from tests.catalog.codes import a_device, a_minute_later, app_code
from tests.catalog.conftest import text

PASSWORD = "a long enough password"
NEW = "seven grey otters at noon"
SET_UP, OFF, OUT, CHANGE = (
    "/security/two-step/",
    "/security/two-step/off/",
    "/security/sign-out/",
    "/security/password/",
)


@pytest.fixture
def elsewhere(person: User) -> Client:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Gecko Firefox/140.0", REMOTE_ADDR="203.0.113.5")
    assert client.post("/login/", {"username": "anna", "password": PASSWORD}).status_code == 302
    return client


def audited() -> list[tuple[Any, ...]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "words", "by__username"))


def key_of(response: Any) -> str:
    return str(response.context["form"]["key"].value())


def test_it_is_reached_from_the_catalog_and_from_the_admin_and_so_is_the_way_out(
    visitor: Client, admin_client: Client
) -> None:
    for page, out in ((visitor.get("/"), "/logout/"), (admin_client.get("/admin/"), "/admin/logout/")):
        header = page.content.decode().partition("</header>")[0]
        assert 'href="/security/"' in header and f'action="{out}"' in header
    assert "Change the password" in text(visitor.get("/security/"))


def test_a_second_step_is_set_up_with_a_code_and_the_password(visitor: Client, person: User, elsewhere: Client) -> None:
    page = visitor.get(SET_UP)
    assert not TOTPDevice.objects.exists()
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    device: Any = second_step.device_of(person, key_of(page))
    assert second_step.key_words(device) in text(page) and "<path d=" in page.content.decode()
    key, before = key_of(page), visitor.session.session_key
    for wrong in ({"password": "wrong"}, {"password": ""}, {"code": "000000"}, {"code": "x"}, {"code": ""}):
        sent = {"key": key, "code": app_code(device), "password": PASSWORD, **wrong}
        again = visitor.post(SET_UP, sent)
        assert (again.status_code, key_of(again)) == (200, key)
        assert not TOTPDevice.objects.exists()
    done = visitor.post(SET_UP, {"key": key, "code": app_code(device), "password": PASSWORD})
    codes = re.findall(r"<code>([a-z2-7-]{29})</code>", done.content.decode())
    assert len(codes) == 10 and "no-store" in done["Cache-Control"]
    assert audited() == [("secured", "turned two-step sign-in on", "anna")]
    assert elsewhere.get("/").status_code == 302  # other browsers gave no code
    assert visitor.get("/").status_code == 200
    assert visitor.session.session_key != before
    assert second_step.matching_device(person, app_code(device)) is None  # it was used up here
    assert visitor.get(SET_UP)["Location"] == "/security/"
    assert "10 recovery codes are left" in text(visitor.get("/security/"))


def test_a_key_of_somebody_else_or_an_old_one_begins_anew(visitor: Client, staff: User) -> None:
    device = second_step.new_device(staff)
    sent = {"key": second_step.signed_key(device), "code": app_code(device), "password": PASSWORD}
    page = visitor.post(SET_UP, sent)
    assert key_of(page) != sent["key"]
    assert not TOTPDevice.objects.exists()


def test_it_is_turned_off_with_the_password_and_a_code(visitor: Client, person: User, elsewhere: Client) -> None:
    device = a_device(person)
    for sent in ({"password": PASSWORD}, {"code": app_code(device)}, {"password": "wrong", "code": app_code(device)},
                 {"password": PASSWORD, "code": "000000"}):  # fmt: skip
        assert visitor.post(OFF, sent).status_code == 200
        assert second_step.is_on(person)
    a_minute_later(device)
    assert visitor.post(OFF, {"password": PASSWORD, "code": app_code(device)})["Location"] == "/security/"
    assert not second_step.is_on(person)
    assert audited()[-1] == ("secured", "turned two-step sign-in off", "anna")
    assert elsewhere.get("/").status_code == 302
    assert visitor.get("/").status_code == 200
    assert visitor.get(OFF)["Location"] == "/security/"


def test_a_new_password_takes_the_old_one_and_ends_other_sessions(
    visitor: Client, person: User, elsewhere: Client
) -> None:
    for old in ("wrong", PASSWORD):
        assert audited() == []
        before = visitor.session.session_key
        response = visitor.post(CHANGE, {"old_password": old, "new_password1": NEW, "new_password2": NEW})
    assert response["Location"] == "/security/"
    assert audited() == [("granted", "a new password of their own", "anna")]
    assert User.objects.get(pk=person.pk).check_password(NEW)
    assert elsewhere.get("/").status_code == 302
    assert Session.objects.count() == 1
    assert visitor.get("/").status_code == 200
    assert visitor.session.session_key != before


def test_a_password_that_is_easy_to_guess_is_refused(visitor: Client, person: User) -> None:
    for new in ("password12", "aaaaaaaaab", "short"):
        page = visitor.post(CHANGE, {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
        assert page.status_code == 200
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


def test_one_sees_where_one_is_signed_in_and_signs_out_elsewhere(
    visitor: Client, elsewhere: Client, person: User, admin_client: Client
) -> None:
    page = text(visitor.get("/security/"))
    assert "Firefox, Windows" in page and "from 203.0.113.5" in page
    assert page.count("Signed in ") == 2 and page.count("This browser") == 1
    assert visitor.post(OUT, {"password": "wrong"}).status_code == 200
    assert elsewhere.get("/").status_code == 200
    assert visitor.post(OUT, {"password": PASSWORD})["Location"] == "/security/"
    assert elsewhere.get("/").status_code == 302
    assert visitor.get("/").status_code == 200
    assert admin_client.get("/").status_code == 200
    assert audited() == [("secured", "signed out of all other browsers", "anna")]


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        (OUT, {"password": "wrong"}),
        (OFF, {"password": "wrong", "code": "000000"}),
        (OFF, {"password": PASSWORD, "code": "000000"}),
        (CHANGE, {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}),
    ],
)
def test_whoever_sits_at_an_open_browser_has_as_many_tries_as_at_the_sign_in(
    visitor: Client, person: User, address: str, sent: dict[str, str]
) -> None:
    a_device(person)
    assert {visitor.post(address, sent).status_code for _ in range(ACCOUNT_TRIES)} == {200}
    assert visitor.post(address, sent).status_code == 429
    assert visitor.get("/security/").status_code == 200


def test_right_passwords_and_codes_there_do_not_count(visitor: Client, person: User) -> None:
    device = a_device(person)
    for _ in range(ACCOUNT_TRIES + 1):
        assert visitor.post(OUT, {"password": PASSWORD}).status_code == 302
        a_minute_later(device)
        wrong_repeat = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": "another"}
        assert visitor.post(CHANGE, wrong_repeat).status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8", "Another browser"),
        ("", "Another browser"),
    ],
)
def test_browsers_are_called_as_people_call_them(agent: str, name: str) -> None:
    assert _browser_name(agent) == name
