"""A provider that can hold its answers back, a site of its own, and its worker."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.running import RunningSite
from tests.processes import proc
from tests.processes.postgres import TEMPLATE, Postgres, binaries, own_server
from tests.processes.site import Site
from tests.processes.worker import Worker

HERE = Path(__file__).parent
WAITING = {"provider", "start"}  # fixtures of tests here that wait for real processes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits comes first: side by side with what computes, it costs little time."""
    items.sort(key=lambda item: item.path.parent != HERE or WAITING.isdisjoint(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database, made once."""
    folder = tmp_path_factory.mktemp("template")
    Site(folder).migrate()
    return folder / "db.sqlite3"


@pytest.fixture
def provider() -> Iterator[FaultyProvider]:
    with FaultyProvider(slow_seconds=5.0) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, provider: FaultyProvider, migrated: Path) -> Site:
    shutil.copy(migrated, tmp_path / "db.sqlite3")
    return Site(tmp_path, **provider.env)


@pytest.fixture
def start() -> Iterator[Callable[..., Worker]]:
    """Start workers that are up, and are gone when the test ends, whatever becomes of it."""
    workers: list[Worker] = []

    def started(site: Site, **options: object) -> Worker:
        workers.append(worker := Worker(site, **options).start())  # type: ignore[arg-type]
        worker.wait_for(worker.is_up, "worker")
        return worker

    yield started
    for worker in workers:
        proc.send(signal.SIGKILL, worker.processes())
        worker.process.wait()


@pytest.fixture
def running(site: Site, provider: FaultyProvider, start: Callable[..., Worker]) -> RunningSite:
    return RunningSite(site, provider, start(site))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of our own, with a migrated template."""
    if binaries() is None:
        why = "NO POSTGRESQL SERVER IS INSTALLED (Debian: postgresql): crashes of a database server are not tested"
        (pytest.fail if os.environ.get("REQUIRE_POSTGRESQL") else pytest.skip)(why)
    with own_server() as server:
        Site(server.folder, database_url=server.new_database(TEMPLATE)).migrate()
        yield server


@pytest.fixture
def postgres_site(tmp_path: Path, provider: FaultyProvider, postgres: Postgres) -> Site:
    """A site on that server."""
    url = postgres.new_database(f"studio_{uuid.uuid4().hex}", template=TEMPLATE)
    return Site(tmp_path, database_url=url, **provider.env)
