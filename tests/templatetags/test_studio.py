"""What every staff page says of the worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from generations.models import Lease, Status
from tests.factories import a_task

SILENCE = "The worker is not running"
PATHS = ["/admin/", "/admin/generations/prompt/", "/admin/generations/reports/", reverse("admin:generations_worker")]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("seconds", "said"), [(15, False), (25, True)])
def test_a_dead_worker_is_said_on_every_staff_page(admin_client: Client, path: str, seconds: int, said: bool) -> None:
    Lease.objects.record_heartbeat()
    Lease.objects.update(expires_at=Now() - timedelta(seconds=seconds))
    assert (SILENCE in admin_client.get(path).content.decode()) == said


def test_who_is_not_staff_is_told_nothing(client: Client, db: None) -> None:
    assert client.get(reverse("admin:generations_worker")).status_code == 302
    assert SILENCE not in client.get("/admin/login/", follow=True).content.decode()


def test_each_cell_of_a_row_names_its_column_for_phones(admin_client: Client) -> None:
    a_task(Status.FAILED, error_message="{0} <b>")
    page = admin_client.get(reverse("admin:generations_generationtask_changelist")).content.decode()
    assert '<td data-label="Price" class="field-price">' in page
    assert '<td class="action-checkbox">' in page
    assert "{0} &lt;b&gt;" in page


def test_phones_have_a_menu_of_what_a_person_may_see(admin_client: Client) -> None:
    page = admin_client.get("/admin/").content.decode()
    menu = page[page.index('<details class="menu">') :].partition("</details>")[0]
    assert reverse("admin:generations_generationtask_changelist") in menu
