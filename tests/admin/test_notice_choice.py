"""The page on which a person says what they are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from generations.models import NoticeChoice

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:notice_choice")


def choose(client: Client, **changes: Any) -> Any:
    return client.post(PAGE, {"shown": ["batch"], "mailed": [], "how_often": "never", "language": "en"} | changes)


def ticks(client: Client) -> dict[str, tuple[bool, bool]]:
    return {kind.value: (shown, mailed) for kind, shown, mailed in client.get(PAGE).context["kinds"]}


def test_at_first_the_admin_tells_all_and_e_mails_nothing(buyer_client: Client) -> None:
    assert ticks(buyer_client) == dict.fromkeys(("batch", "failed", "undecided", "budget"), (True, False))
    assert NoticeChoice.objects.count() == 0


def test_a_choice_is_kept_and_shown_again(buyer: User, buyer_client: Client) -> None:
    User.objects.filter(pk=buyer.pk).update(email="boris@example.com")
    assert choose(buyer_client, mailed=["failed"], how_often="daily", language="es").status_code == 302
    assert ticks(buyer_client) == {
        "batch": (True, False), "failed": (False, True), "undecided": (False, False), "budget": (False, False),
    }  # fmt: skip
    choice = NoticeChoice.objects.get(person=buyer)
    assert (choice.how_often, choice.language) == ("daily", "es")


def test_digests_need_an_address(buyer_client: Client) -> None:
    page = choose(buyer_client, how_often="hourly", mailed=["failed"])
    assert "Your account has no e-mail address." in page.content.decode()
    assert 'value="failed" checked aria-label="Failed orders by e-mail"' in page.content.decode()
    assert not NoticeChoice.objects.exists()


def test_what_the_page_did_not_offer_stays_as_it_was(buyer: User, buyer_client: Client) -> None:
    NoticeChoice.objects.create(person=buyer, hidden=["pause", "batch"], mailed=["pause"])
    choose(buyer_client, mailed=["pause", "endpoint", "batch"])
    choice = NoticeChoice.objects.get()
    assert (choice.hidden, choice.mailed) == (["budget", "failed", "pause", "undecided"], ["batch", "pause"])


def test_the_language_starts_as_that_of_the_page(buyer_client: Client) -> None:
    page = buyer_client.get(PAGE, headers={"accept-language": "es"})
    assert page.context["form"]["language"].value() == "es"


def test_a_site_without_a_mail_server_says_so(buyer_client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "This site sends no e-mail yet" in buyer_client.get(PAGE).content.decode()
