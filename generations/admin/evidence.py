"""Collect the evidence about an order that the provider did not confirm, for the person who decides."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.formats import as_price, usd
from generations.logs import masked
from generations.models import BalanceReading, Delivery, GenerationTask, Status
from generations.providers import get_provider
from generations.providers.base import REMOTE_ID, named_id
from generations.providers.errors import ProviderError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMED = re.compile(rf'"task_?id"\s*:\s*"({REMOTE_ID.pattern})"', re.IGNORECASE)
DELIVERIES = 20  # of one task; a provider sends four at most
BALANCE_HINT = _(
    "An unexplained drop suggests that the order was accepted. No drop proves little: a provider may charge an order "
    "only when its clip is made."
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An id that may belong to this order, where it was seen, and the task that already has it."""

    remote_id: str
    seen: str
    owner: GenerationTask | None


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback: when it came, the id that it names, and its body."""

    at: datetime
    named: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is recorded about one unconfirmed order."""

    sent_at: list[datetime]
    sent: str
    answer: str
    readings: list[tuple[str, BalanceReading]]
    drop: str
    callbacks: list[Callback]
    candidates: list[Candidate]
    balance_hint: StrOrPromise = BALANCE_HINT


def of(task: GenerationTask) -> Evidence:
    """Return the evidence about an unconfirmed task."""
    deliveries = list(task.deliveries.order_by("id")[:DELIVERIES])
    callbacks = [_callback(delivery) for delivery in deliveries]
    before, after, latest = _readings(task)
    named = [(gettext("last balance before the order"), before), (gettext("first balance after it"), after)]
    if latest != after:
        named.append((gettext("latest balance"), latest))
    return Evidence(
        sent_at=list(task.events.filter(now=Status.SUBMITTING).order_by("id").values_list("at", flat=True)),
        sent=order_json(task),
        answer=": ".join(part for part in (task.error_code, task.error_message) if part),
        readings=[(name, reading) for name, reading in named if reading],
        drop=_drop(task, before, after),
        callbacks=callbacks,
        candidates=list(_candidates(task, callbacks)),
    )


def order_json(task: GenerationTask) -> str:
    """Return the JSON of the order, with the token of its callback masked."""
    try:
        body = get_provider(settings.PROVIDERS[task.provider]).body(task.order())
    except ProviderError as error:  # the mode is no longer offered
        return gettext("cannot be shown: {error}").format(error=error)
    return json.dumps(_masked(body), indent=2, ensure_ascii=False)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    return masked(value) if isinstance(value, str) else value


def _callback(delivery: Delivery) -> Callback:
    try:
        payload: Any = json.loads(delivery.body)
    except (ValueError, RecursionError):
        payload = None
    return Callback(delivery.received_at, named_id(payload), masked(delivery.body)[:4000])


Readings = tuple[BalanceReading | None, BalanceReading | None, BalanceReading | None]


def _readings(task: GenerationTask) -> Readings:
    """Return the last balance before the order was sent, the first after it, and the latest."""
    if task.submitted_at is None:
        return None, None, None
    read = BalanceReading.objects.of(task.provider, practice=task.practice).read()
    later = read.filter(at__gt=task.submitted_at)
    return read.filter(at__lte=task.submitted_at).last(), later.first(), later.last()


def _drop(task: GenerationTask, before: BalanceReading | None, after: BalanceReading | None) -> str:
    """Return how much the balance dropped around the order, and how much of it other orders explain."""
    if before is None or after is None or before.amount is None or after.amount is None:
        return gettext("There is no balance to compare yet. The next one is read within a minute.")
    drop = before.amount - after.amount
    others = GenerationTask.objects.filter(
        provider=task.provider, practice=task.practice, remote_id__isnull=False,
        submitted_at__gt=before.at, submitted_at__lte=after.at,
    ).exclude(pk=task.pk)  # fmt: skip
    prices, least = list(others.values_list("price_usd", flat=True)), others.filter(price_is_minimum=True).exists()
    price = as_price(task.price_usd, is_minimum=task.price_is_minimum)
    own = gettext("This order's price: {price}.").format(price=price)
    return f"{_moved(drop, after.unit)} {_others_sent(prices, least=least)} {own}"


def _moved(drop: Decimal, unit: str) -> str:
    if not drop:
        return gettext("Between the first two the balance did not change.")
    if drop > 0:
        text = gettext("Between the first two the balance dropped by {amount}.")
    else:
        text = gettext("Between the first two the balance rose by {amount}.")
    return text.format(amount=BalanceReading(amount=abs(drop), unit=unit).shown)


def _others_sent(prices: list[Decimal | None], *, least: bool) -> str:
    """Say how many other orders were sent between two readings, and what they cost."""
    if not prices:
        return gettext("No other order was sent in that time.")
    known = [price for price in prices if price is not None]
    if len(known) == len(prices):
        text = ngettext(
            "{n} other order was sent in that time for {total}.",
            "{n} other orders were sent in that time for {total}.",
            len(prices),
        )
    else:
        text = ngettext(
            "{n} other order was sent in that time, some with an unknown price.",
            "{n} other orders were sent in that time, some with an unknown price.",
            len(prices),
        )
    return text.format(n=len(prices), total=usd(sum(known, Decimal(0)), is_minimum=least))


def _candidates(task: GenerationTask, callbacks: list[Callback]) -> Iterator[Candidate]:
    """Yield each id in the answer or in a callback once."""
    seen: dict[str, str] = {}
    for remote_id in NAMED.findall(task.error_message):
        seen.setdefault(remote_id, gettext("in the answer"))
    for one in callbacks:
        if one.named:
            seen.setdefault(one.named, gettext("in a callback"))
    owners = {owner.remote_id: owner for owner in GenerationTask.objects.filter(
        provider=task.provider, remote_id__in=seen
    ).exclude(pk=task.pk)}  # fmt: skip
    for remote_id, where in seen.items():
        yield Candidate(remote_id, where, owners.get(remote_id))
