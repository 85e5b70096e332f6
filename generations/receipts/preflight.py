"""A receipt before the money is spent: what an order costs, what pays for it, and everything that stands against it.

Nothing is written here, and no transaction may be open: pictures at an address are looked at over HTTP.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from generations.formats import duration, usd
from generations.lifecycle import ordering, retries
from generations.lifecycle.capacity import why_paused
from generations.lifecycle.ordering import IMAGE_FIELDS, Problems, Upload
from generations.models import BalanceReading, Campaign, GenerationTask, Lease, ReferenceImage
from generations.money import budgets, ledger
from generations.providers.base import Order
from generations.receipts import history
from generations.receipts.history import Notice
from generations.receipts.image_checks import ImageChecks
from generations.receipts.spend_cap import Fit, fit

ZERO = Decimal(0)
NO_WORKER = "No worker is alive: the order waits until one is started."


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What is to be ordered, not written yet; `again` is the task that it tries again."""

    order: Order
    takes: int = 1
    delivery: str = "polling"
    images: Mapping[str, Upload | ReferenceImage] = field(default_factory=dict)
    campaign: Campaign | None = None
    again: GenerationTask | None = None

    def pictures(self) -> dict[str, str]:
        """Field -> the SHA-256 of a picture that is kept here, or the address of one that is not."""
        kept = {name: _sha256(image) for name, image in self.images.items()}
        return {name: kept.get(name) or getattr(self.order, name) for name in IMAGE_FIELDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One order of a receipt. `price_usd` is of one take, None where it is not known; `takes` are those that fit."""

    wish: OrderRequest
    takes: int
    price_usd: Decimal | None
    problems: Problems
    remarks: tuple[Notice, ...] = ()

    @property
    def total_usd(self) -> Decimal | None:
        return None if self.price_usd is None else self.price_usd * self.takes

    @property
    def name(self) -> str:
        """What tells it from the other lines of its receipt."""
        return f"task {self.wish.again.pk}" if self.wish.again else "the order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a press would order, to the cent; `problems` says why it cannot be, by field."""

    lines: tuple[Line, ...]
    left_out: tuple[Line, ...] = ()
    outlooks: tuple[budgets.Outlook, ...] = ()
    balances: tuple[str, ...] = ()
    problems: Problems
    remarks: tuple[Notice, ...] = ()
    fit: Fit | None = None

    @property
    def all_remarks(self) -> list[Notice]:
        """Those of the whole and of each line, none twice."""
        return list(dict.fromkeys([*self.remarks, *(remark for line in self.lines for remark in line.remarks)]))

    @property
    def takes(self) -> int:
        return sum(line.takes for line in self.lines)

    @property
    def known_usd(self) -> Decimal:
        """The sum of the prices that are known."""
        return sum((line.total_usd or ZERO for line in self.lines), ZERO)

    @property
    def total_usd(self) -> Decimal | None:
        """What is held when this is ordered; None as long as one price is not known."""
        return None if self.unpriced else self.known_usd

    @property
    def unpriced(self) -> int:
        """How many of the clips have no known price."""
        return sum(line.takes for line in self.lines if line.price_usd is None)


class Changed(Exception):
    """Another amount would have been held than the receipt says; nothing was written."""


def place(receipt: Receipt, order: Callable[[], list[GenerationTask]], *, at: datetime) -> list[GenerationTask]:
    """Order, and make sure that what is held is what the receipt says, or write nothing and raise Changed."""
    foreseen = Counter(line.price_usd for line in receipt.lines for _ in range(line.takes))
    with transaction.atomic():
        tasks = order()
        is_new = all(task.created_at == at for task in tasks)  # and not what an earlier press ordered
        if is_new and Counter(task.price_usd for task in tasks) != foreseen:
            raise Changed
    return tasks


def inspect(
    order: Order,
    *,
    takes: int,
    delivery: str,
    images: Mapping[str, Upload | ReferenceImage],
    campaign: Campaign | None,
    by: Any,
    at: datetime,
    spend_at_most: Decimal | None = None,
) -> Receipt:
    """The receipt of one order of one or more takes."""
    wish = OrderRequest(order=order, takes=takes, delivery=delivery, images=images, campaign=campaign)
    return inspect_all([wish], by=by, at=at, spend_at_most=spend_at_most)


def inspect_all(wishes: list[OrderRequest], *, by: Any, at: datetime, spend_at_most: Decimal | None = None) -> Receipt:
    """The receipt of a whole press: among many, an order that has a problem is left out and not paid for."""
    looks = ImageChecks()
    lines = [_line(wish, looks, at=at) for wish in wishes]
    good = [line for line in lines if not line.problems]
    if not good:
        return Receipt(lines=tuple(lines), problems=_merged(lines))
    periods = _periods(good, by=by, at=at)
    trimmed, found = None, {}
    if spend_at_most is not None:
        (line,) = good
        trimmed = fit(line.takes, price_usd=line.price_usd, at_most=spend_at_most, outlooks=_outlooks(good, periods))
        found = trimmed.problems
        good = [replace(line, takes=trimmed.takes or line.takes)]
    outlooks = _outlooks(good, periods)
    refusals = [look.refusal for look in outlooks if look.refusal]
    return Receipt(
        lines=tuple(good),
        left_out=tuple(line for line in lines if line.problems),
        outlooks=tuple(outlooks),
        balances=tuple(_balances(good, at=at)),
        problems=found or ({"budget": refusals} if refusals else {}),
        remarks=(*_remarks(good), *_passed_over(outlooks)),
        fit=trimmed,
    )


def _line(wish: OrderRequest, looks: ImageChecks, *, at: datetime) -> Line:
    order = wish.order
    problems = ordering.problems(
        order, uploads=wish.images, takes=wish.takes, delivery=wish.delivery, campaign=wish.campaign
    )
    if wish.again and (text := retries.again_problem(wish.again)):
        problems["task"] = [text]
    unseen = looks.at(order, problems)
    price = ledger.estimate(order, at=at)
    if problems:
        return Line(wish=wish, takes=wish.takes, price_usd=price, problems=problems)
    known = history.of(order, wish.pictures(), price_usd=price)
    return Line(wish=wish, takes=wish.takes, price_usd=price, problems={}, remarks=(*unseen, *known))


Periods = dict[int | None, list[budgets.Outlook]]


def _periods(lines: list[Line], *, by: Any, at: datetime) -> Periods:
    """Campaign -> the budgets that cover an order of it."""
    campaigns = {line.wish.campaign.pk if line.wish.campaign else None for line in lines}
    person = by.pk if by else None
    return {
        campaign: budgets.outlook(
            ZERO, takes=1, campaign_id=campaign, person_id=person, practice=settings.PRACTICE, at=at
        )
        for campaign in campaigns
    }


def _outlooks(lines: list[Line], periods: Periods) -> list[budgets.Outlook]:
    """How all of it together stands to each budget that covers some of it."""
    sums: dict[int, Decimal | None] = {}
    seen = {}
    for line in lines:
        for look in periods[line.wish.campaign.pk if line.wish.campaign else None]:
            key = look.period.budget.pk
            seen[key] = look.period
            before = sums.get(key, ZERO)
            sums[key] = None if before is None or line.total_usd is None else before + line.total_usd
    return [budgets.fit_check(seen[key], sums[key]) for key in sorted(seen)]


def _balances(lines: list[Line], *, at: datetime) -> list[str]:
    """What each provider last said is left there, and how old that is."""
    texts = []
    for provider in sorted({line.wish.order.provider for line in lines}):
        reading = _last_reading(provider)
        age = (
            f"{reading.shown}, read {duration((at - reading.at).total_seconds())} ago" if reading else "never read yet"
        )
        texts.append(f"{provider}: {age}")
    return texts


def _last_reading(provider: str) -> BalanceReading | None:
    return BalanceReading.objects.of(provider, practice=settings.PRACTICE).read().last()


def _remarks(lines: list[Line]) -> list[Notice]:
    """What a person should know of the press as a whole, in words."""
    found = [] if Lease.objects.is_worker_alive() else [Notice("worker", NO_WORKER)]
    for provider in sorted({line.wish.order.provider for line in lines}):
        if text := why_paused(provider):
            found.append(Notice("obstacle", f"{text}. The order waits until then."))
        theirs = [line.total_usd or ZERO for line in lines if line.wish.order.provider == provider]
        reading, total = _last_reading(provider), sum(theirs, ZERO)
        if reading and reading.unit == "USD" and (reading.amount or ZERO) < total:
            text = f"The last known balance at {provider}, {reading.shown}, does not pay for {usd(total)}."
            found.append(Notice("balance", text))
    return list(dict.fromkeys(found))


def _passed_over(outlooks: list[budgets.Outlook]) -> list[Notice]:
    """Budgets that only warn, and would be passed."""
    return [
        Notice(f"over {look.period.budget.pk}", f"The budget “{look.period}” is passed by this. It only warns.")
        for look in outlooks
        if not look.period.hard and (look.numbers.estimated or ZERO) > look.period.remaining_usd
    ]


def _merged(lines: list[Line]) -> Problems:
    found: Problems = {}
    for line in lines:
        for name, texts in line.problems.items():
            found.setdefault(name, []).extend(text for text in texts if text not in found[name])
    return found


def _sha256(image: Upload | ReferenceImage) -> str:
    return image.sha256 if isinstance(image, ReferenceImage) else hashlib.sha256(image.image.content).hexdigest()
