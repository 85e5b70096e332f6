"""What speaks for and against an order whose outcome nobody knows: for the person who has to decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from generations.formats import usd
from generations.logs import TOKEN
from generations.models import BalanceReading, Delivery, GenerationTask, Status
from generations.providers import get_provider
from generations.providers.base import REMOTE_ID, named_id
from generations.providers.errors import ProviderError

NAMED = re.compile(rf'"task_?id"\s*:\s*"({REMOTE_ID.pattern})"', re.IGNORECASE)
DELIVERIES = 20  # of one task; there are four at most unless someone plays with us
REMARK = (
    "A fall that nothing else explains speaks for an acceptance. No fall proves little: a provider may bill an order "
    "only when its clip is made."
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An id that may be this order's, where it was seen, and the task that has it already."""

    remote_id: str
    seen: str
    owner: GenerationTask | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A callback, with what it says of itself."""

    at: datetime
    named: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything on record about one order of unknown outcome."""

    sent_at: list[datetime]
    sent: str
    answer: str
    readings: list[tuple[str, BalanceReading]]
    fall: str
    heard: list[Heard]
    candidates: list[Candidate]
    remark: str = REMARK


def of(task: GenerationTask) -> Evidence:
    deliveries = list(task.deliveries.order_by("id")[:DELIVERIES])
    heard = [_heard(delivery) for delivery in deliveries]
    before, after, latest = _readings(task)
    named = [("the last balance before it was sent", before), ("the first one after", after)]
    if latest != after:
        named.append(("the latest", latest))
    return Evidence(
        sent_at=list(task.events.filter(now=Status.SUBMITTING).order_by("id").values_list("at", flat=True)),
        sent=written(task),
        answer=": ".join(part for part in (task.error_code, task.error_message) if part),
        readings=[(name, reading) for name, reading in named if reading],
        fall=_fall(task, before, after),
        heard=heard,
        candidates=list(_candidates(task, heard)),
    )


def written(task: GenerationTask) -> str:
    """The JSON that was sent, or would be now; without the token of its callback."""
    try:
        body = get_provider(settings.PROVIDERS[task.provider]).body(task.order())
    except ProviderError as error:  # the mode was withdrawn since
        return f"cannot be written any more: {error}"
    return json.dumps(_masked(body), indent=2, ensure_ascii=False)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    return TOKEN.sub(r"\1…", value) if isinstance(value, str) else value


def _heard(delivery: Delivery) -> Heard:
    try:
        payload: Any = json.loads(delivery.body)
    except (ValueError, RecursionError):
        payload = None
    return Heard(delivery.received_at, named_id(payload), delivery.body[:4000])


Readings = tuple[BalanceReading | None, BalanceReading | None, BalanceReading | None]


def _readings(task: GenerationTask) -> Readings:
    """The last balance before the order was sent, the first after it, and the latest."""
    if task.submitted_at is None:
        return None, None, None
    read = BalanceReading.objects.of(task.provider, practice=task.practice).read()
    later = read.filter(at__gt=task.submitted_at)
    return read.filter(at__lte=task.submitted_at).last(), later.first(), later.last()


def _fall(task: GenerationTask, before: BalanceReading | None, after: BalanceReading | None) -> str:
    """How far the balance fell over the sending, and how much of that other orders explain."""
    if before is None or after is None or before.amount is None or after.amount is None:
        return "Not enough readings of the balance to compare: the next one comes within a minute."
    fall = before.amount - after.amount
    others = GenerationTask.objects.filter(
        provider=task.provider, practice=task.practice, remote_id__isnull=False,
        submitted_at__gt=before.at, submitted_at__lte=after.at,
    ).exclude(pk=task.pk)  # fmt: skip
    prices = list(others.values_list("price_usd", flat=True))
    told = f"Between the first two it {_moved(fall, after.unit)}."
    if prices:
        known = [price for price in prices if price is not None]
        worth = f", priced {usd(sum(known, Decimal(0)))}" if len(known) == len(prices) else ", not all of known price"
        told += f" {len(prices)} other order{'s' * (len(prices) > 1)} went out meanwhile{worth}."
    else:
        told += " No other order went out meanwhile."
    return f"{told} This order's price: {usd(task.price_usd)}."


def _moved(fall: Decimal, unit: str) -> str:
    if not fall:
        return "did not change"
    size = BalanceReading(amount=abs(fall), unit=unit).shown
    return f"fell by {size}" if fall > 0 else f"rose by {size}"


def _candidates(task: GenerationTask, heard: list[Heard]) -> Iterator[Candidate]:
    """Ids that stand in the answer or that callbacks gave; each once."""
    seen: dict[str, str] = {}
    for remote_id in NAMED.findall(task.error_message):
        seen.setdefault(remote_id, "in the answer")
    for one in heard:
        if one.named:
            seen.setdefault(one.named, "in a callback")
    owners = {owner.remote_id: owner for owner in GenerationTask.objects.filter(
        provider=task.provider, remote_id__in=seen
    ).exclude(pk=task.pk)}  # fmt: skip
    for remote_id, where in seen.items():
        yield Candidate(remote_id, where, owners.get(remote_id))
