"""Callbacks: kept raw, believed only after a GET, answered at once."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from generations import webhooks
from generations.lifecycle import ordering, reachability, saving
from generations.lifecycle.ordering import OrderRequest
from generations.models import Delivery, DeliveryMode, EntryKind, GenerationTask, LedgerEntry, Status
from generations.sandbox import Sandbox
from tests.conducting import conduct
from tests.factories import a_task, an_order, configure, due

pytestmark = pytest.mark.django_db

SUCCESS = {
    "code": 200,
    "message": "success",
    "data": {"taskId": "remote-x", "state": "success", "resultJson": '{"resultUrls":["https://evil.example/a.mp4"]}'},
}


@pytest.fixture
def provider() -> Client:
    """Somebody without a session, who checks CSRF as the world does."""
    return Client(enforce_csrf_checks=True)


def path_of(task: GenerationTask) -> str:
    return task.callback_url().removeprefix("http://127.0.0.1:8000")


def tell(provider: Client, path: str, payload: Any = SUCCESS) -> int:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return provider.post(path, body, content_type="application/json").status_code


def a_running(**changes: Any) -> GenerationTask:
    later = timezone.now() + timedelta(minutes=5)
    return a_task(Status.RUNNING, **({"due_at": later, "delivery": DeliveryMode.CALLBACK} | changes))


def test_a_callback_is_kept_as_it_came_and_makes_its_task_due(provider: Client) -> None:
    task = a_running()
    assert tell(provider, path_of(task)) == 200
    task.refresh_from_db()
    assert json.loads(task.deliveries.get().body) == SUCCESS
    assert due(task) <= timezone.now()


def test_what_a_callback_says_is_not_believed(provider: Client) -> None:
    task = a_running()
    tell(provider, path_of(task))
    task.refresh_from_db()
    assert (task.status, task.result_urls, task.remote_id != "remote-x") == (Status.RUNNING, [], True)
    assert not LedgerEntry.objects.filter(kind=EntryKind.CHARGE).exists()


def test_the_same_callback_a_hundred_times_has_one_effect(provider: Client) -> None:
    task = a_running()
    assert {tell(provider, path_of(task)) for __ in range(100)} == {200}
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("status", [Status.STORED, Status.FAILED, Status.CANCELED, Status.LOST, Status.QUEUED])
def test_a_late_callback_is_answered_and_moves_nothing(status: Status, provider: Client) -> None:
    task = a_task(status)
    before = GenerationTask.objects.values().get(pk=task.pk)
    assert tell(provider, path_of(task)) == 200
    after = GenerationTask.objects.values().get(pk=task.pk)
    assert {**after, "candidate_id": "", "late_word": None} == before
    assert after["late_word"] == ("done" if status == Status.FAILED else None)  # it was sent, and its money released


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.replace("/apixo/", "/apikley/"),
        lambda path: path[:-2] + ("A/" if path[-2] != "A" else "B/"),
        lambda path: path.replace(":", ":x", 1),
        lambda path: "/webhooks/apixo/1/",
        lambda path: "/webhooks/apixo/:/",
        lambda path: "/webhooks/apixo/" + "9" * 500 + ":x/",
    ],
)
def test_a_token_that_is_not_the_tasks_opens_nothing(change: Any, provider: Client) -> None:
    task = a_running()
    assert tell(provider, change(path_of(task))) == 404
    assert not Delivery.objects.exists()


def test_the_token_of_one_task_is_not_that_of_another(provider: Client) -> None:
    one, two = a_running(), a_running()
    forged = path_of(one).replace(f"/{one.pk}:", f"/{two.pk}:")
    assert tell(provider, forged) == 404


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b'{"a":' * 20_000 + b"1"])
def test_what_is_not_json_is_refused_and_not_kept(body: bytes, provider: Client) -> None:
    assert tell(provider, path_of(a_running()), body[: webhooks.BODY_MAX_BYTES]) == 400
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("payload", [None, 7, "x", [], {}, {"data": None}, {"data": {"taskId": ["x"]}}, {"data": "x"}])
def test_json_of_any_shape_is_kept_and_harms_nothing(payload: Any, provider: Client) -> None:
    task = a_running()
    assert tell(provider, path_of(task), payload) == 200
    assert task.deliveries.count() == 1


def test_nul_and_broken_text_are_kept_as_far_as_a_database_can(provider: Client) -> None:
    task = a_running()
    assert tell(provider, path_of(task), b'{"a": "\\u0000\xc3\xa9"}') == 200


def test_what_is_too_long_is_refused_and_not_kept(provider: Client) -> None:
    path = path_of(a_running())
    assert tell(provider, path, b'"' + b"x" * webhooks.BODY_MAX_BYTES + b'"') == 413
    assert not Delivery.objects.exists()


def test_only_a_post_is_a_callback(provider: Client) -> None:
    assert provider.get(path_of(a_running())).status_code == 405


@pytest.mark.parametrize("echo", ["{number}&#58;{mark}", "{mark}", "from{number}:{mark}x", "{escaped}"])
def test_no_delivery_holds_the_token_of_its_own_address(echo: str, provider: Client) -> None:
    path = path_of(a_running())
    number, mark = path.rstrip("/").rsplit("/", 1)[1].split(":")
    escaped = "".join(f"\\u{ord(char):04x}" for char in mark)
    body = '{"echo": "' + echo.format(number=number, mark=mark, escaped=escaped) + '"}'
    assert tell(provider, path, body.encode()) == 200
    kept = Delivery.objects.get().body
    assert "…" in kept
    assert mark not in kept and mark not in json.loads(kept)["echo"]


def test_no_log_holds_a_token(provider: Client) -> None:
    path, written = path_of(a_running()), io.StringIO()
    console = next(each for each in logging.getLogger().handlers if each.name == "console")
    assert isinstance(console, logging.StreamHandler)
    usual = console.setStream(written)
    tell(provider, path, b"not json")
    console.setStream(usual)
    assert "/webhooks/apixo/" in written.getvalue()
    assert path.rstrip("/").rsplit("/", 1)[1] not in written.getvalue()


def test_a_callback_names_an_order_whose_answer_was_lost(provider: Client) -> None:
    task = a_task(Status.UNCONFIRMED, due_at=timezone.now() + timedelta(hours=1))
    tell(provider, path_of(task))
    task.refresh_from_db()
    assert (task.status, task.remote_id, task.candidate_id) == (Status.UNCONFIRMED, None, "remote-x")
    assert due(task) <= timezone.now()


@pytest.mark.parametrize(
    ("url", "provider_url", "refused"),
    [
        ("https://studio.example.com", "https://api.apixo.ai/api/v1", ""),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8900/api/v1", ""),
        ("http://127.0.0.1:8000", "https://api.apixo.ai/api/v1", "https"),
        ("http://studio.example.com", "http://127.0.0.1:8900/api/v1", "https"),
        ("https://localhost", "https://api.apixo.ai/api/v1", "public https PUBLIC_URL, not https://localhost"),
        ("https://10.0.0.5", "https://api.apixo.ai/api/v1", "public https"),
        ("https://intranet", "https://api.apixo.ai/api/v1", "public https"),
        ("https://studio.local", "https://api.apixo.ai/api/v1", "public https"),
        ("https://10.0.0.5", "http://127.0.0.1:8900/api/v1", "public https"),
        ("", "http://127.0.0.1:8900/api/v1", "PUBLIC_URL is not set"),
    ],
)
def test_a_callback_needs_an_address_that_reaches_this_site(
    url: str, provider_url: str, refused: str, settings: Settings
) -> None:
    settings.PUBLIC_URL, settings.PRACTICE = url, False
    configure(settings, "apixo", base_url=provider_url)
    found = ordering.problems(OrderRequest(an_order(), delivery="callback"))
    assert refused in str(found.get("delivery", "")) and bool(refused) == ("delivery" in found)


def test_callbacks_are_the_default_where_the_internet_reaches_this_site(settings: Settings) -> None:
    assert reachability.default_delivery() == "polling"
    settings.PUBLIC_URL = "https://studio.example.com"
    assert reachability.default_delivery() == "callback"
    for url in ("https://localhost", "https://10.0.0.5", "https://intranet", "http://studio.example.com"):
        settings.PUBLIC_URL = url
        assert reachability.default_delivery() == "polling"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", ["apixo", "apikley"])
@pytest.mark.parametrize("fate", ["", "[callback twice]", "[callback early]", "[lost answer]", "[no id]"])
def test_over_real_http_a_callback_brings_the_clip_home_with_one_post(
    fate: str,
    provider: str,
    sandbox: Sandbox,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    site: str,
    staff: User,
) -> None:
    settings.PUBLIC_URL, settings.WAIT_SCALE = site, 0.01
    # At the documented 120, so short a slice has room for none.
    configure(settings, "apikley", requests_per_minute=10_000)
    changes = {"model": "kling-2-6", "sound": False, "aspect_ratio": "16:9"} if provider == "apikley" else {}
    order = an_order(provider=provider, prompt=f"a lighthouse {fate}", **changes)
    (task,) = ordering.place([OrderRequest(order, delivery="callback")], at=timezone.now())
    ends = timezone.now() + timedelta(seconds=30)
    while task.status != Status.STORED and timezone.now() < ends:
        conduct(seconds=0.5)
        saving.save(task.pk)
        task.refresh_from_db()
    assert task.status == Status.STORED
    assert sandbox.truth()["accepted"] == 1
    assert [entry.kind for entry in task.entries.order_by("id")] == [EntryKind.HOLD, EntryKind.CHARGE]
