"""Our accounts at the providers: a pace that shrinks and recovers, and what was read of the balance."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from generations.models import Account, BalanceReading
from generations.models.accounts import RECOVERY_SECONDS, SHARE_MIN
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unscaled(settings: Settings) -> None:
    settings.WAIT_SCALE = 1.0


def test_practice_and_real_money_have_an_account_each(settings: Settings) -> None:
    ours = Account.objects.of("apixo")
    settings.PRACTICE = not settings.PRACTICE
    assert Account.objects.of("apixo") != ours
    assert Account.objects.count() == 2


def test_a_429_halves_the_pace_and_those_beside_it_do_not() -> None:
    account = Account.objects.of("apixo")
    assert account.shrink(at=NOW)
    assert not Account.objects.of("apixo").shrink(at=NOW + timedelta(seconds=0.5))
    assert Account.objects.of("apixo").share_at(NOW) == 0.5


def test_the_pace_doubles_again_while_it_is_quiet_and_ends_at_the_whole() -> None:
    account = Account.objects.of("apixo")
    for second in range(0, 8, 2):
        account.shrink(at=NOW + timedelta(seconds=second))
    since = NOW + timedelta(seconds=6)
    shrunk = account.share_at(since)
    assert shrunk < 0.08
    assert account.share_at(since + timedelta(seconds=RECOVERY_SECONDS)) == pytest.approx(2 * shrunk)
    assert account.share_at(since + timedelta(hours=1)) == 1.0


def test_the_pace_never_falls_to_nothing() -> None:
    account = Account.objects.of("apixo")
    for second in range(0, 100, 2):
        account.shrink(at=NOW + timedelta(seconds=second))
    assert account.share == SHARE_MIN


@pytest.mark.parametrize(
    ("amount", "unit", "shown"),
    [("74.8700", "USD", "$74.87"), ("0.1234", "USD", "$0.1234"), ("55", "credits", "55.00 credits")],
)
def test_a_reading_is_shown_in_the_providers_unit(amount: str, unit: str, shown: str) -> None:
    assert BalanceReading(amount=Decimal(amount), unit=unit).shown == shown


def test_a_reading_without_a_figure_says_why() -> None:
    reading = BalanceReading(provider="apixo", at=NOW, unit="USD", error="401: no such key")
    assert reading.shown == "no figure"
    assert "no such key" in str(reading)
