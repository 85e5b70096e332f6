"""The second step of a sign-in, at both pages: a code after the right password, and nobody is signed in before it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from generations.catalog import second_step
from generations.catalog.sign_in import ACCOUNT_TRIES
from generations.models import AuditEntry, Session
from tests.catalog.codes import a_device, a_minute_later, app_code

PASSWORD = "a long enough password"
PAGES = ["/login/", "/admin/login/"]


@pytest.fixture
def device(staff: User) -> Any:
    return a_device(staff)


def proof_in(response: Any) -> str:
    found = re.search(r'name="proof" value="([^"]+)"', response.content.decode())
    return found[1] if found else ""


def first(client: Client, page: str = "/login/", password: str = PASSWORD) -> Any:
    return client.post(page, {"username": "mira", "password": password, "next": "/videos/7/"})


def second(client: Client, code: str, page: str = "/login/", proof: str = "") -> Any:
    sent = {"proof": proof or proof_in(first(client, page)), "otp_token": code, "next": "/videos/7/"}
    return client.post(page, sent)


@pytest.mark.parametrize("page", PAGES)
def test_after_the_password_a_code_is_asked_for_and_nobody_is_signed_in(client: Client, device: Any, page: str) -> None:
    response = first(client, page)
    words = response.content.decode()
    assert 'autocomplete="one-time-code"' in words and 'name="password"' not in words
    assert "sessionid" not in response.cookies and not Session.objects.exists()
    assert "known_browser" not in response.cookies
    assert client.get("/admin/").status_code == 302
    response = second(client, app_code(device), page)
    assert (response.status_code, response["Location"]) == (302, "/videos/7/")
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_without_a_second_step_the_password_is_enough(client: Client, staff: User, page: str) -> None:
    assert first(client, page).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_a_wrong_password_is_told_as_if_there_were_no_second_step(client: Client, device: Any, page: str) -> None:
    User.objects.create_superuser("nora", password=PASSWORD)
    csrf = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    told = [
        csrf.sub("", client.post(page, {"username": name, "password": "wrong"}).content.decode()).replace(name, "")
        for name in ("mira", "nora")
    ]
    assert told[0] == told[1]
    assert "proof" not in told[0]


def test_a_code_of_an_app_works_once(client: Client, device: Any) -> None:
    code = app_code(device)
    assert second(client, code).status_code == 302
    again = second(Client(), code)
    assert (again.status_code, "This code is wrong, or was used before" in again.content.decode()) == (200, True)


def test_a_recovery_code_works_once(client: Client, device: Any) -> None:
    code = device.recovery_codes[3].upper().replace("-", " ")
    assert second(client, code).status_code == 302
    assert second(Client(), code).status_code == 200
    assert second(Client(), device.recovery_codes[4]).status_code == 302


@pytest.mark.parametrize("ahead", [-1, 1])
def test_a_clock_may_be_half_a_minute_off(client: Client, device: Any, ahead: int) -> None:
    assert second(client, app_code(device, ahead=ahead)).status_code == 302


def test_a_clock_may_not_be_minutes_off(client: Client, device: Any) -> None:
    assert second(client, app_code(device, ahead=4)).status_code == 200


@pytest.mark.parametrize("code", ["", "0", "abc", "１２３４５６", "-1", "\0", "x" * 5000])
def test_what_is_no_code_lets_nobody_in(client: Client, device: Any, code: str) -> None:
    assert second(client, code).status_code == 200
    assert not Session.objects.exists()


def test_the_proof_of_a_password_holds_for_five_minutes_and_for_that_password(
    client: Client, device: Any, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = proof_in(first(client))
    monkeypatch.setattr(second_step, "TIME_FOR_THE_CODE", timedelta(seconds=-1))
    response = second(client, app_code(device), proof=proof)
    assert "The code came too late" in response.content.decode() and 'name="password"' in response.content.decode()
    monkeypatch.undo()
    staff.set_password("quite another password")
    staff.save()
    assert second(client, app_code(device), proof=proof).status_code == 200
    assert second(client, app_code(device), proof=proof[:-1] + "x").status_code == 200
    assert not Session.objects.exists()


def test_a_proof_of_ones_own_password_does_not_let_one_in_as_another(client: Client, device: Any) -> None:
    other = User.objects.create_superuser("nora", password=PASSWORD)
    theirs = a_device(other)
    assert second(client, app_code(theirs), proof=proof_in(first(client))).status_code == 200
    assert not Session.objects.exists()


def test_who_was_closed_out_between_the_steps_stays_out(client: Client, device: Any, staff: User) -> None:
    proof = proof_in(first(client))
    User.objects.filter(pk=staff.pk).update(is_active=False)
    assert second(client, app_code(device), proof=proof).status_code == 200


def test_the_admin_lets_in_no_one_else_than_staff(client: Client, person: User) -> None:
    device = a_device(person)
    sent = {"username": "anna", "password": PASSWORD}
    assert "staff account" in client.post("/admin/login/", sent).content.decode()
    proof = proof_in(client.post("/login/", sent))
    assert second(client, app_code(device), "/admin/login/", proof).status_code == 200
    assert second(client, app_code(device), "/login/", proof).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_wrong_codes_count_as_wrong_passwords_do(client: Client, device: Any, page: str) -> None:
    proof = proof_in(first(client, page))
    for number in range(ACCOUNT_TRIES):
        if number % 2:
            assert second(client, "000000", page, proof).status_code == 200
        else:
            assert first(client, page, password="wrong").status_code == 200
    response = second(client, app_code(device), page, proof)
    assert (response.status_code, int(response["Retry-After"]) > 0) == (429, True)
    assert first(client, page).status_code == 429
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.latest("pk").attempt_time - timedelta(seconds=61))
    assert second(client, app_code(device), page).status_code == 302


def test_a_right_password_and_a_right_code_do_not_count(client: Client, device: Any) -> None:
    for _ in range(ACCOUNT_TRIES + 2):
        assert proof_in(first(client))
    for _ in range(ACCOUNT_TRIES + 2):
        a_minute_later(device)
        assert second(Client(), app_code(device)).status_code == 302


def test_who_knows_the_password_and_guesses_at_the_code_does_not_keep_its_owner_out(device: Any) -> None:
    owner = Client()
    assert second(owner, app_code(device)).status_code == 302
    owner.post("/logout/")
    for number in range(ACCOUNT_TRIES * 3):
        stranger = Client(REMOTE_ADDR=f"198.51.100.{number}")
        second(stranger, "000000", proof=proof_in(first(stranger)) or "none")
    a_minute_later(device)
    assert second(owner, app_code(device)).status_code == 302
    told = AuditEntry.objects.get(action="guessed")
    assert told.words.endswith("the last from 198.51.100.9, who knows the password")
    assert TOTPDevice.objects.get().verify_is_allowed()[0]


def test_sign_ins_are_logged_with_who_and_from_where_and_without_what_they_entered(
    device: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client, good, secret = Client(REMOTE_ADDR="203.0.113.5"), app_code(device), "my secret pass phrase"
    caplog.set_level("INFO", "generations")
    first(client, password=secret)
    client.post("/login/", {"username": secret, "password": "x"})
    second(client, "000000")
    second(client, good)
    client.post("/logout/")
    lines = [record.getMessage() for record in caplog.records]
    who, where = f"mira (number {device.user.pk})", "from 203.0.113.5"
    assert lines == [
        f"sign-in of {who} {where} failed, the password was wrong",
        f"sign-in of an unknown name {where} failed, the password was wrong",
        f"{who} gave the right password {where} and is asked for a code",
        f"sign-in of {who} {where} failed, the code was wrong",
        f"{who} gave the right password {where} and is asked for a code",
        f"{who} signed in {where} by password and app code",
        f"{who} signed out {where}",
    ]
    assert not [line for line in lines if secret in line or good in line]


def test_a_sign_in_by_a_recovery_code_says_so_in_the_log(device: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "generations")
    second(Client(), device.recovery_codes[0])
    assert caplog.records[-1].getMessage().endswith("by password and recovery code")


def test_an_operator_lets_someone_in_at_once(client: Client, device: Any) -> None:
    proof = proof_in(first(client))
    for _ in range(ACCOUNT_TRIES):
        second(client, "000000", proof=proof)
    call_command("axes_reset_username", "mira", verbosity=0)
    assert second(client, app_code(device)).status_code == 302


PASSWORD_PAGES = [*PAGES, "/security/", "/security/password/", "/security/two-step/", "/admin/auth/user/add/"]


@pytest.mark.parametrize("page", PASSWORD_PAGES)
def test_password_fields_hide_what_is_entered_and_let_managers_fill_them(admin_client: Client, page: str) -> None:
    visitor = Client() if page in PAGES else admin_client
    fields = re.findall(r"<input[^>]*name=.(?!usable)\w*password\d?. [^>]*>", visitor.get(page).content.decode())
    assert fields
    for field in fields:
        assert 'type="password"' in field and re.search('autocomplete="(current|new)-password"', field)
        assert "onpaste" not in field and "readonly" not in field
