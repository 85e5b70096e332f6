"""What every test may ask for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from generations.lifecycle import saving
from generations.models import GenerationTask, Price, Status
from generations.sandbox import Sandbox
from generations.worker import conductor
from tests.conducting import conduct
from tests.factories import configure

# The same examples on every run; `--hypothesis-profile=long` looks for new ones, and many more.
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
hypothesis_settings.register_profile(
    "steady", derandomize=True, deadline=None, stateful_step_count=40, suppress_health_check=SLOW
)
hypothesis_settings.register_profile(
    "long", deadline=None, stateful_step_count=80, max_examples=5000, print_blob=True, suppress_health_check=SLOW
)
hypothesis_settings.load_profile("steady")

# Tests that take seconds each. They begin first, so that at the end no process is alone with one of them.
LONG = ("tests/crash/", "tests/canary/", "tests/commands/test_up.py", "tests/test_migrations.py", "tests/browser/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: one of them always waits for real processes (tests/crash)."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(autouse=True)
def media_root(settings: Settings, tmp_path: Path) -> Path:
    """Files of a test go where the test's other files go."""
    folder = settings.MEDIA_ROOT = tmp_path / "media"
    return folder


@pytest.fixture(autouse=True)
def nothing_is_cached() -> None:
    """Counts of the catalog are kept for a minute: not from one test to the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def each_test_begins_in_english() -> None:
    """The test client leaves its thread in the language of its last request."""
    translation.activate("en")


@pytest.fixture(autouse=True, scope="session")
def ledger_can_be_emptied_after_a_test() -> Iterator[None]:
    """A test that commits ends with a flush, and the database refuses to empty a ledger: for the flush alone, and not
    for the test, the triggers are taken away and made again. Such a test has an empty table of prices; the flush puts
    those of the migrations back, and their groups, so that tests may run in any order."""
    guards = import_module("generations.migrations.0005_ledger_is_kept")
    audit_guards = import_module("generations.migrations.0034_audit")
    notices = import_module("generations.migrations.0038_notices")
    groups = import_module("generations.migrations.0024_groups")
    flush, begin = (vars(TransactionTestCase)[f"_fixture_{name}"] for name in ("teardown", "setup"))
    prices: list[Price] = []

    def empty_prices(case: type[TransactionTestCase]) -> None:
        begin.__func__(case)
        prices[:] = prices or Price.objects.all()
        Price.objects.all().delete()

    def flush_all(case: TransactionTestCase) -> None:
        guards.unguard(connection)
        audit_guards.unguard(connection)
        try:
            flush(case)
        finally:
            guards.guard(connection)
            audit_guards.guard(connection)
        Price.objects.bulk_create(prices)
        groups.grant(apps, groups.GROUPS)
        groups.grant(apps, audit_guards.GRANTED)
        groups.grant(apps, notices.GRANTED)
        groups.grant(apps, {name: ["see_drafts"] for name in groups.GROUPS})  # as migration 0035 does

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_setup", classmethod(empty_prices))
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_all)
        yield


@pytest.fixture
def sandbox(settings: Settings, tmp_path: Path) -> Iterator[Sandbox]:
    """The practice provider, running, and the site pointed at it."""
    with Sandbox(directory=tmp_path / "sandbox", wait_scale=settings.WAIT_SCALE) as running:
        point_at(settings, running.url)
        yield running


def point_at(settings: Settings, url: str) -> None:
    """Let the site order from a provider at an address on this machine, and fetch results from there."""
    settings.SANDBOX_URL = url
    settings.RESULT_ORIGINS = [url]
    configure(settings, base_url=f"{url}/api/v1")


@pytest.fixture
def staff(db: None) -> User:
    """A member of the team who may do everything."""
    return User.objects.create_superuser("mira", password="a long enough password")


@pytest.fixture
def log_in(client: Any) -> Callable[[User], Any]:
    def as_user(user: User) -> Any:
        client.force_login(user)
        return client

    return as_user


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The site, running. Not `live_server`: that one serves /media/ itself, without ranges and to everybody."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(WSGIHandler())
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def worker(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker in a thread, for as long as the test runs."""
    monkeypatch.setattr(conductor, "TICK_SECONDS", 0.02)
    ended = threading.Event()

    def work() -> None:
        try:
            while not ended.wait(0.02):
                conduct(seconds=0.3)
                for task in GenerationTask.objects.filter(status=Status.READY, urls_died=False):
                    saving.save(task.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def admin_client(staff: User, client: Client) -> Client:
    """A browser in which that member is signed in."""
    client.force_login(staff)
    return client
