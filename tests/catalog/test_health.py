from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from generations.models import Lease
from generations.models.leases import HEARTBEAT


@pytest.mark.django_db
def test_a_site_with_a_worker_is_well(client: Client) -> None:
    Lease.objects.record_heartbeat()
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"database": True, "worker": True})
    assert "no-store" in response["Cache-Control"]
    assert client.head("/healthz").status_code == 200


@pytest.mark.django_db
def test_behind_tls_it_answers_without_tls_and_nothing_else_does(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 503  # no worker
    for path in ("/", "/login/", "/healthz/more"):
        assert client.get(path)["Location"] == f"https://testserver{path}"


@pytest.mark.django_db
@pytest.mark.parametrize("stamped", [False, True])
def test_a_site_whose_worker_is_silent_says_so(client: Client, stamped: bool) -> None:
    if stamped:
        Lease.objects.create(name=HEARTBEAT, expires_at=timezone.now() - timedelta(hours=1))
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (503, {"database": True, "worker": False})


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_said(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr("generations.catalog.health.connection.cursor", refuse)
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (503, {"database": False, "worker": False})
    assert "server closed" in caplog.text
    assert "server closed" not in response.content.decode()


@pytest.mark.django_db
def test_health_is_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
