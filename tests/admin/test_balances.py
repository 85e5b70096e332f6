"""The page of the balances."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generations.admin.balances import standings
from generations.models import Account, BalanceReading, Pause
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGE, NOW_URL = "admin:generations_balancereading_changelist", "admin:generations_balancereading_now"


@pytest.fixture
def account() -> Account:
    for amount, error, minutes in ((Decimal("74.87"), "", 30), (None, "401: no such key", 5)):
        BalanceReading.objects.create(
            provider="apixo", practice=True, at=NOW - timedelta(minutes=minutes), amount=amount, unit="USD", error=error
        )
    return Account.objects.of("apixo")


def test_an_account_shows_its_last_figure_and_what_went_wrong_since(account: Account) -> None:
    account.shrink(at=NOW)
    (standing,) = standings(at=NOW)
    assert (standing.name, standing.figure) == ("APIXO (practice)", "$74.87")
    assert standing.words == (
        "read 30 min ago; the last try failed: 401: no such key; slowed down to 50% of its documented rate, after a 429"
    )


def test_an_account_that_was_never_read_says_so() -> None:
    Account.objects.of("apixo")
    assert standings(at=NOW)[0].words == "never read"


def test_the_page_lists_the_readings(admin_client: Client, account: Account) -> None:
    Pause.objects.create(provider="apixo", reason="task 7: no such key", paused_at=NOW)
    page = admin_client.get(reverse(PAGE)).content.decode()
    assert page.count("401: no such key") == 2
    assert "Orders to APIXO are paused: task 7: no such key" in page


def test_the_button_has_the_balances_read_at_once(admin_client: Client, account: Account) -> None:
    Account.objects.update(balance_due_at=timezone.now() + timedelta(days=1))
    admin_client.post(reverse(NOW_URL))
    account.refresh_from_db()
    assert account.balance_due_at and account.balance_due_at <= timezone.now()


def test_a_look_changes_nothing_and_a_viewer_may_only_look(
    admin_client: Client, viewer_client: Client, account: Account
) -> None:
    assert admin_client.get(reverse(NOW_URL)).status_code == 405
    assert viewer_client.post(reverse(NOW_URL)).status_code == 403
    account.refresh_from_db()
    assert account.balance_due_at is None


def test_the_button_stands_in_no_other_form(admin_client: Client, account: Account) -> None:
    page = admin_client.get(reverse(PAGE)).content.decode()
    before = page[: page.index(f'action="{reverse(NOW_URL)}')]
    assert before.count("<form") == before.count("</form>") + 1
