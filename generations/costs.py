"""Money, and its only writer: what an order will cost, what is held for it, what was charged."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from generations.models import GenerationTask, Kind, LedgerEntry, Price
from generations.providers.base import Order


def estimate(order: Order, *, at: datetime) -> Decimal | None:
    """USD for one clip of this order today; None when no price is known, which is not the same as free."""
    return Price.objects.of(order, on=timezone.localdate(at))


def hold(task: GenerationTask, *, at: datetime, by: Any = None) -> None:
    """Reserve the frozen price: committed before the order may leave."""
    _write(task, Kind.HOLD, at=at, by=by, note="ordered")


def charge(task: GenerationTask, *, at: datetime, note: str) -> None:
    """The clip was made, so the held price is spent. A second charge of the same task is a no-op."""
    if not _settled(task):
        _write(task, Kind.CHARGE, at=at, by=None, note=note)


def release(task: GenerationTask, *, at: datetime, note: str, by: Any = None) -> None:
    """Nothing was made, so the held price is free again. What was settled before stays settled."""
    if not _settled(task):
        _write(task, Kind.RELEASE, at=at, by=by, note=note)


def _settled(task: GenerationTask) -> bool:
    return LedgerEntry.objects.filter(task=task, kind__in=[Kind.CHARGE, Kind.RELEASE]).exists()


def _write(task: GenerationTask, kind: Kind, *, at: datetime, by: Any, note: str) -> None:
    LedgerEntry.objects.create(
        task=task, kind=kind, amount_usd=task.price_usd, at=at, by=by, note=note[:300], practice=task.practice
    )
