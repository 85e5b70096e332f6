"""Real processes that race for money: what a budget pays for is held, no more of it and no less, and nobody fails."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connections, transaction

from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import Budget, BudgetPeriod, Campaign, EntryKind, GenerationTask, LedgerEntry, Status
from generations.money import budgets, ledger, limits
from tests.factories import NOW, a_budget, a_campaign, a_price, an_order

pytestmark = pytest.mark.django_db(transaction=True)
FORK = multiprocessing.get_context("fork")  # the children have this test's database, and connections of their own
PATIENCE = 60  # seconds; how long it takes in fact is far below


def in_processes(count: int, work: Callable[[int], dict[str, int]]) -> Counter[str]:
    """Start all at once, and add up what they counted; one more looks at the counters all the while.

    An exception is counted under its own words. No thread may be alive here: a lock that it holds is copied with it.
    """
    connections.close_all()
    results, gate, done = FORK.SimpleQueue(), FORK.Barrier(count + 1), FORK.Event()

    def child(run: Callable[[], dict[str, int]]) -> None:
        try:
            gate.wait(PATIENCE)
            results.put(run())
        except BaseException:
            results.put({traceback.format_exc(): 1})
        connections.close_all()
        os._exit(0)

    workers = [FORK.Process(target=child, args=[partial(work, number)], daemon=True) for number in range(count)]
    witness = FORK.Process(target=child, args=[partial(watch, done)], daemon=True)
    for process in [witness, *workers]:
        process.start()
    ends = time.monotonic() + PATIENCE
    for process in [*workers, witness]:
        process.join(max(0.0, ends - time.monotonic()))
        assert process.exitcode == 0, "a process did not end"
        if process is workers[-1]:
            done.set()
    total: Counter[str] = Counter()
    while not results.empty():
        total.update(results.get())
    assert total.pop("looks") > 5
    return total


def watch(done: Any) -> dict[str, int]:
    """Look at the counters as often as possible: held and spent are never more than the limit."""
    seen: Counter[str] = Counter()
    while not done.wait(0.002):
        for period in BudgetPeriod.objects.select_related("budget"):
            if period.hard and period.held_usd + period.spent_usd > period.limit_usd:
                seen[f"{period}: {period.held_usd} + {period.spent_usd} > {period.limit_usd}"] += 1
        seen["looks"] += 1
    return seen


def race(number: int) -> dict[str, int]:
    """Ten orders, one after the other; half of what is held is charged while the others race."""
    counted: Counter[str] = Counter()
    for turn in range(10):
        try:
            (task,) = ordering.place([OrderRequest(an_order(prompt=f"{number}"))], at=NOW)
        except ValidationError:
            counted["refused"] += 1
            continue
        counted["held"] += 1
        if turn % 2:
            ledger.charge(task, at=NOW, note="made")
    return counted


def test_of_two_hundred_submitters_in_twenty_processes_thirty_are_held() -> None:
    a_price("0.30", valid_from=NOW.date())
    budget = a_budget("9")
    counted = in_processes(20, race)
    assert counted == {"held": 30, "refused": 170}
    period = budget.periods.get()
    assert period.held_usd + period.spent_usd == Decimal("9.00")
    assert LedgerEntry.objects.filter(kind=EntryKind.HOLD).count() == GenerationTask.objects.count() == 30
    assert limits.audit() == []


def studio(number: int) -> dict[str, int]:
    """What a studio does all at once: orders for several campaigns, many settlements in one commit, new limits."""
    dice = random.Random(number)  # noqa: S311
    campaigns, people = list(Campaign.objects.order_by("pk")), list(User.objects.order_by("pk"))
    counted: Counter[str] = Counter()
    for _ in range(12):
        act: Any = dice.choice([order, order, order, settle, new_limit])
        counted[act(dice, campaigns, people)] += 1
    return counted


def order(dice: random.Random, campaigns: list[Campaign], people: list[User]) -> str:
    order = an_order(prompt=str(dice.random()))
    request = OrderRequest(order, campaign=dice.choice(campaigns), takes=dice.randint(1, 3))
    try:
        ordering.place([request], at=NOW, by=dice.choice(people))
    except ValidationError:
        return "refused"
    return "ordered"


def settle(dice: random.Random, campaigns: list[Campaign], people: list[User]) -> str:
    with transaction.atomic(), budgets.deferred_counters():
        for task in GenerationTask.objects.filter(status=Status.QUEUED).order_by("pk")[:10]:
            if task.move(Status.SUBMITTING, "sent", at=NOW, due_at=NOW):
                dice.choice([ledger.charge, ledger.release])(task, at=NOW, note="settled")
    return "settled"


def new_limit(dice: random.Random, campaigns: list[Campaign], people: list[User]) -> str:
    subject: dict[str, Any] = dice.choice(
        [
            {"scope": "site"},
            {"scope": "campaign", "campaign": dice.choice(campaigns)},
            {"scope": "person", "person": people[0]},
        ]
    )
    period = dice.choice(["day", "month", "total"])
    try:
        limits.set_limit(**subject, period=period, limit_usd=Decimal(dice.randint(5, 40)), at=NOW)
    except ValidationError:
        return "limit refused"
    return "limit set"


def test_orders_settlements_and_new_limits_side_by_side_neither_fail_nor_lose_count() -> None:
    a_price("0.30", valid_from=NOW.date())
    for name in ("Autumn", "Spring", "Summer"):
        a_campaign(name)
    for name in ("mira", "noor"):
        User.objects.create_user(name)
    a_budget("30", period="day")
    counted = in_processes(5, studio)
    assert set(counted) <= {"ordered", "refused", "settled", "limit set", "limit refused"}, counted
    assert Budget.objects.count() > 3
    assert limits.audit() == []
