"""The pages of webhooks: the secret is shown once, addresses are checked, tries are listed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import Settings

from generations.models import AuditEntry, Endpoint, WebhookMessage, WebhookTry
from tests.factories import NOW
from tests.notices.telling import an_endpoint

pytestmark = pytest.mark.django_db
LIST, ADD = (reverse(f"admin:generations_endpoint_{name}") for name in ("changelist", "add"))
ADDRESS = "https://hooks.example.com/kling"


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def a_try(endpoint: Endpoint, error: str = "") -> WebhookTry:
    message = WebhookMessage.objects.create(endpoint=endpoint, body="{}", created_at=NOW)
    return WebhookTry.objects.create(
        message=message, at=NOW, http_status=500 if error else 200, error=error, seconds=0.2
    )


def test_the_secret_is_shown_once_when_it_is_made(admin_client: Client, staff: User) -> None:
    page = admin_client.post(ADD, {"address": ADDRESS, "kinds": ["failed"], "active": "on"})
    endpoint = Endpoint.objects.get()
    secret = endpoint.secret()
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert (endpoint.kinds, endpoint.created_by) == (["failed"], staff)
    for url in (LIST, endpoint.get_absolute_url(), "/admin/"):
        assert secret not in text(admin_client, url)
    assert secret not in f"{[*AuditEntry.objects.values_list()]}{admin_client.session.items()}{admin_client.cookies}"


def test_a_new_secret_is_shown_once_and_audited(admin_client: Client) -> None:
    endpoint = an_endpoint(ADDRESS)
    before = endpoint.secret()
    page = admin_client.post(reverse("admin:generations_endpoint_secret", args=[endpoint.pk]))
    endpoint.refresh_from_db()
    assert endpoint.secret() != before
    assert endpoint.secret() in page.content.decode()
    assert AuditEntry.objects.get().words == "a new secret"


@pytest.mark.parametrize("address", ["http://hooks.example.com/", "https://127.0.0.1/", "https://10.1.2.3/x"])
def test_a_private_address_is_refused_outside_of_practice(
    admin_client: Client, settings: Settings, address: str
) -> None:
    settings.PRACTICE = False
    page = admin_client.post(ADD, {"address": address, "kinds": ["failed"], "active": "on"})
    assert "Give a public address that begins with https://." in page.content.decode()
    assert not Endpoint.objects.exists()


def test_a_test_is_left_to_the_worker(admin_client: Client) -> None:
    endpoint = an_endpoint(ADDRESS)
    admin_client.post(reverse("admin:generations_endpoint_test", args=[endpoint.pk]))
    message = WebhookMessage.objects.get()
    assert (message.endpoint, message.happening, message.tries) == (endpoint, None, 0)
    assert OrmQ.objects.count() == 1


def test_the_page_lists_the_tries(admin_client: Client) -> None:
    endpoint = an_endpoint(ADDRESS)
    each = a_try(endpoint, "the answer was 500")
    a_try(an_endpoint("https://other.example.com/"), "another one")
    page = text(admin_client, endpoint.get_absolute_url())
    assert each.message.message_id in page
    assert "the answer was 500" in page
    assert "another one" not in page


def test_an_endpoint_that_is_switched_on_again_forgets_why_it_was_off(admin_client: Client) -> None:
    endpoint = an_endpoint(ADDRESS, active=False, off_because="the answer was 500")
    assert "the answer was 500" in text(admin_client, endpoint.get_absolute_url())
    admin_client.post(endpoint.get_absolute_url(), {"address": ADDRESS, "kinds": ["failed"], "active": "on"})
    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.off_because) == (True, "")


def test_the_list_shows_the_last_try_of_each_in_as_many_queries_for_many_as_for_few(admin_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert "the answer was 502" in text(admin_client, LIST)
        return len(found)

    first = an_endpoint(ADDRESS)
    a_try(first)
    a_try(first, "the answer was 502")
    few = queries()
    for number in range(4):
        a_try(an_endpoint(f"https://{number}.example.com/"))
    assert queries() == few


def test_an_endpoint_that_is_not_there_leads_back_to_the_list(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:generations_endpoint_change", args=[77])).status_code == 302
