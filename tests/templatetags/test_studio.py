"""What every staff page says of the worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from generations.models import Lease

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
