"""Wrong passwords: so many a minute for an account, and for an address, at both doors; then one waits a little."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from generations.catalog.sign_in import ACCOUNT_TRIES, ADDRESS_TRIES, client_address
from generations.models import AuditEntry

PASSWORD = "a long enough password"
DOORS = ["/login/", "/admin/login/"]


@pytest.fixture(autouse=True)
def people(staff: User) -> None:
    """`mira`, who may come in at both doors."""


def enter(door: str = "/login/", name: str = "mira", password: str = "wrong", address: str = "198.51.100.7") -> Any:
    return Client(REMOTE_ADDR=address).post(door, {"username": name, "password": password})


def pass_time(**time: float) -> None:
    for row in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(**time))


@pytest.mark.parametrize("door", DOORS)
def test_after_ten_wrong_passwords_not_even_the_right_one_is_tried(door: str) -> None:
    assert {enter(door).status_code for _ in range(ACCOUNT_TRIES)} == {200}
    response = enter(door, password=PASSWORD)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert f"Wait {response['Retry-After']} second" in response.content.decode()
    assert "sessionid" not in response.cookies


def test_both_pages_and_all_addresses_count_together() -> None:
    for number in range(ACCOUNT_TRIES):
        enter(DOORS[number % 2], address=f"198.51.100.{number}")
    assert enter(password=PASSWORD, address="203.0.113.9").status_code == 429


@pytest.mark.parametrize("door", DOORS)
def test_after_a_minute_the_owner_comes_in_whatever_was_tried_meanwhile(door: str) -> None:
    for _ in range(ACCOUNT_TRIES):
        enter(door)
    pass_time(seconds=59)
    assert enter(door).status_code == 429
    pass_time(seconds=1.5)
    assert enter(door, password=PASSWORD).status_code == 302


def test_an_operator_lets_someone_in_at_once() -> None:
    for _ in range(ACCOUNT_TRIES):
        enter()
    call_command("axes_reset_username", "mira", verbosity=0)
    assert enter(password=PASSWORD).status_code == 302


def test_right_passwords_do_not_count() -> None:
    assert {enter(password=PASSWORD).status_code for _ in range(ACCOUNT_TRIES + 2)} == {302}


def test_another_account_and_another_address_go_on() -> None:
    User.objects.create_user("anna", password=PASSWORD)
    for _ in range(ACCOUNT_TRIES):
        enter()
    assert enter(name="anna", password=PASSWORD).status_code == 302


def test_an_address_that_tries_many_accounts_waits_and_others_do_not() -> None:
    for number in range(ADDRESS_TRIES):
        assert enter(name=f"name {number}").status_code == 200
    assert enter(password=PASSWORD).status_code == 429
    assert enter(password=PASSWORD, address="203.0.113.9").status_code == 302


def test_what_is_known_of_nobody_is_forgotten_after_a_day() -> None:
    enter(name="nobody")
    kept = [*AccessAttempt.objects.exclude(username="")]
    assert len(kept) == 1
    pass_time(days=1.1)
    enter(password=PASSWORD)
    assert not AccessAttempt.objects.filter(username=kept[0].username).exists()


def test_a_password_that_is_typed_as_the_name_is_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    for door in DOORS:
        enter(door, name=PASSWORD)
    assert PASSWORD not in str([*AccessAttempt.objects.values()])
    assert PASSWORD not in caplog.text
    assert {enter(name=PASSWORD).status_code for _ in range(ACCOUNT_TRIES)} == {200, 429}


def test_no_password_and_no_form_is_kept() -> None:
    enter(password="almost my password")
    assert not AccessAttempt.objects.exclude(post_data="", get_data="").exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_tries_are_counted_one_by_one() -> None:
    def attempt(number: int) -> int:
        try:
            return int(enter(address=f"198.51.100.{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(16)))
    assert answers.count(200) == ACCOUNT_TRIES
    assert answers.count(429) == 16 - ACCOUNT_TRIES
    assert AuditEntry.objects.filter(action="guessed").count() == 1  # staff are told once of all of them


@pytest.fixture
def asked() -> Callable[..., str]:
    def address(forwarded: str, direct: str = "10.0.0.1") -> str:
        return client_address(RequestFactory().get("/", REMOTE_ADDR=direct, headers={"X-Forwarded-For": forwarded}))

    return address


def test_without_a_trusted_proxy_nobody_chooses_their_address(asked: Callable[..., str]) -> None:
    assert asked("203.0.113.9") == "10.0.0.1"


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # what stands before was sent by the client
        (2, "1.2.3.4, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),  # fewer proxies than trusted: somebody came past them
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8:1:2::5]:443", "2001:db8:1:2::"),
        (1, "2001:db8:1:2:aaaa::9", "2001:db8:1:2::"),  # the same network, so the same client
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "unknown", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_behind_proxies_it_is_the_one_that_the_first_of_them_saw(
    asked: Callable[..., str], settings: Settings, hops: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = hops
    assert asked(forwarded) == address


def test_without_any_address_the_account_is_counted_still() -> None:
    for _ in range(ACCOUNT_TRIES):
        enter(address="")
    assert enter(password=PASSWORD, address="").status_code == 429
    assert AccessAttempt.objects.filter(attempt_time__lte=timezone.now()).count() == 2


def test_who_guesses_at_an_account_does_not_keep_its_owner_out() -> None:
    owner = Client(REMOTE_ADDR="203.0.113.5")
    assert owner.post("/login/", {"username": "mira", "password": PASSWORD}).status_code == 302
    owner.post("/logout/")
    for number in range(ACCOUNT_TRIES + 5):
        enter(address=f"198.51.100.{number}")
    assert enter(password=PASSWORD).status_code == 429
    assert owner.post("/login/", {"username": "mira", "password": PASSWORD}).status_code == 302


def test_a_known_browser_has_as_many_tries_and_no_more() -> None:
    browser = Client(REMOTE_ADDR="203.0.113.5")
    browser.post("/login/", {"username": "mira", "password": PASSWORD})
    browser.post("/logout/")
    tried = [browser.post("/login/", {"username": "mira", "password": "wrong"}).status_code for _ in range(12)]
    assert tried == [200] * ACCOUNT_TRIES + [429] * 2
    assert enter(password=PASSWORD).status_code == 302


def test_staff_are_told_once_of_an_account_that_is_guessed_at(admin_client: Client) -> None:
    for number in range(ACCOUNT_TRIES + 5):
        enter(address=f"198.51.100.{number}")
    for _ in range(ADDRESS_TRIES + 5):
        enter(name="nobody of this name", address="198.51.100.200")
    told = AuditEntry.objects.get(action="guessed")
    assert (told.name, told.by) == ("mira", None)
    assert "10 wrong passwords" in told.words
    page = admin_client.get("/admin/").content.decode()
    assert "Somebody guesses at the password of mira" in page
