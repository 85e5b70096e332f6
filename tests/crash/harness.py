"""The two processes of a case: one that lives its steps until it is killed, and one that recovers.

Everything here runs in a forked child that ends with its case, so settings and constants are changed for good. What is
changed is time and addresses, never what the product decides.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django_q.models import OrmQ

from generations import clock
from generations.media import downloads
from generations.models import Account, BalanceReading, Budget, GenerationTask, Lease
from generations.models.statuses import ENDED
from generations.providers import ADAPTERS, get_provider
from generations.providers import http as provider_http
from generations.worker import conductor, lane
from tests.crash.cases import BEGAN, Case
from tests.crash.effects import Effects, install
from tests.crash.judge.cases import read_trace, seconds_passed
from tests.crash.studio import Place, Studio
from tests.factories import configure


def prepare(place: Place, *, hasty: bool = False) -> None:
    """Settings of a case: its database, its files, its provider; short waits and no real time."""
    connections.databases["default"]["NAME"] = place.database
    connections.close_all()
    settings.MEDIA_ROOT = place.media
    settings.SANDBOX_URL = place.provider
    settings.RESULT_ORIGINS = [place.provider]
    settings.PUBLIC_URL = place.public
    settings.WAIT_SCALE = 0.001
    settings.DOWNLOAD_DEADLINE_SECONDS = 20
    configure(settings, requests_per_minute=600_000)
    settings.ORDERS_IN_THE_AIR = 1
    # One thread, so that effects come in one order.
    lane.ThreadPoolExecutor = lambda threads, **more: ThreadPoolExecutor(1, **more)  # type: ignore[attr-defined,assignment]
    conductor.TICK_SECONDS = 0.1
    conductor.time = SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: time.sleep(0.001))  # type: ignore[attr-defined,assignment]
    provider_http.READ_SECONDS, provider_http.EXCHANGE_SECONDS = (0.3, 1) if hasty else (10, 20)  # type: ignore[assignment]
    downloads.PAUSES_SECONDS = (0.0, 0.01, 0.01, 0.01)


def point_at(place: Place, address: str) -> None:
    for name in ADAPTERS:
        configure(settings, name, base_url=f"{address}/{place.name}/{name}")


def _studio(place: Place, case: Case, effects: Effects, *, seed: str, began: float) -> Studio:
    random.seed(seed)
    prepare(place, hasty="hang" in "".join(case.scenario.prompts))
    point_at(place, "http://127.0.0.1:9" if case.scenario.shut_at_first else place.provider)
    studio = Studio(place, case.scenario, effects, began=began)
    clock.now = studio.now
    return studio


def warm_up(place: Place, case: Case) -> None:
    """Run a scenario in the process that children are forked from: what loads lazily is loaded once."""
    studio = _studio(place, case, Effects(place.trace), seed="warm", began=0.0)
    studio.take_steps(*case.scenario.steps)
    get_provider.cache_clear()
    connections.close_all()
    assert threading.active_count() == 1, threading.enumerate()  # a fork takes only one along


def live(place: Place, case: Case, *, seed: str, mutate: Callable[[], object]) -> None:
    """The child that is to die: the scenario's steps, until the kill or the end."""
    effects = Effects(place.trace, kill_at=case.kill_at)
    studio = _studio(place, case, effects, seed=f"{seed} {case}", began=0.0)
    mutate()
    install(effects)
    studio.take_steps(*case.scenario.steps)
    effects.note("completed", str(effects.count))


def recover(place: Place, case: Case, *, seed: str, mutate: Callable[[], object]) -> None:
    """The unharmed child: time has moved on, the product runs until nothing moves, and then once more for nothing."""
    effects = Effects(place.folder / "recovery.jsonl")
    began = seconds_passed(read_trace(place.trace))
    studio = _studio(place, case, effects, seed=f"{seed} {case} recovery", began=began)
    point_at(place, place.provider)  # it can be reached again
    mutate()
    install(effects)
    with effects.mute():
        Lease.objects.exclude(token=None).update(expires_at=datetime(2000, 1, 1, tzinfo=UTC))  # they run out
        for part in place.media.rglob("*.part"):
            os.utime(part, (BEGAN.timestamp(), BEGAN.timestamp()))  # they are as old as they would be
        fortune = random.choice(["kept", "lost", "doubled"])  # what becomes of the queue
        if fortune == "lost":
            OrmQ.objects.all().delete()
        elif fortune == "doubled":
            studio.double()
    studio.take_steps("work", *case.scenario.recovery, "work")
    _once_more(studio, effects)
    studio.advance(2 * 3600.0)
    studio.take_steps("cleanup")
    effects.note("clock", str(studio.passed))


def _once_more(studio: Studio, effects: Effects) -> None:
    """Late and doubled jobs and callbacks: nothing that has ended changes."""
    effects.note("step", "once more")
    with effects.mute():
        ended = GenerationTask.objects.filter(status__in=ENDED).order_by("id")
        effects.note("ended", json.dumps(list(ended.values_list("id", "status")), default=str))
    for task in GenerationTask.objects.order_by("id"):
        studio._run("generations.worker.jobs.save", task.pk)
    if studio.scenario.delivery == "callback":
        studio.callback()
    studio.work()


def serve(place: Place, server: Any) -> None:
    """The site, for callbacks; it is not what is killed, and lives until its parent ends it."""
    prepare(place)
    clock.now = lambda: BEGAN + timedelta(seconds=0.5)
    server.serve_forever(0.05)


def make_template() -> None:
    """Make the database that every case starts from a copy of: with a budget, and balances that were just read."""
    call_command("migrate", verbosity=0)
    Budget.objects.create(period="total", limit_usd=Decimal(100), hard=False, practice=True)
    for provider in ADAPTERS:
        Account.objects.create(provider=provider, practice=True, balance_due_at=BEGAN + timedelta(days=1))
        BalanceReading.objects.create(provider=provider, practice=True, at=BEGAN, amount=Decimal(100), unit="USD")
    connections.close_all()
