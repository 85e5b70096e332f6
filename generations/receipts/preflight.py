"""Build the receipt before money is spent: what an order costs, which budgets pay for it, what forbids it.

Nothing is written here, and no transaction may be open: images at URLs are read over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from generations.formats import duration, usd
from generations.library import prompt_campaigns, prompt_text
from generations.lifecycle import continuing, ordering
from generations.lifecycle.capacity import why_paused
from generations.lifecycle.ordering import MANY_TAKES, OrderRequest, Problems
from generations.models import (
    BalanceReading,
    Budget,
    BudgetPeriod,
    Campaign,
    GenerationTask,
    Lease,
    LedgerEntry,
    Person,
)
from generations.models.budgets import starts_on
from generations.money import budgets, ledger
from generations.providers import offers
from generations.providers.offers import provider_name
from generations.receipts import history, spend_cap
from generations.receipts.history import Notice
from generations.receipts.image_checks import ImageChecks
from generations.receipts.spend_cap import Trimmed, TrimmedOrders, trim, trim_orders
from generations.receipts.video_length import measured

ZERO = Decimal(0)
NO_WORKER = gettext_noop("No worker is running: the order waits until one is started.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One order of a receipt: `price_usd` is of one take, None when unknown; `takes` is the number after trimming."""

    request: OrderRequest
    takes: int
    price_usd: Decimal | None
    is_minimum: bool = False
    problems: Problems
    notices: tuple[Notice, ...] = ()
    number: int = 0  # among several, from 1

    @property
    def total_usd(self) -> Decimal | None:
        return None if self.price_usd is None else self.price_usd * self.takes

    @property
    def key(self) -> str:
        """What tells it from the other lines of its receipt, the same in every language: `task 12`, `order 3`."""
        return f"task {self.request.retry_of.pk}" if self.request.retry_of else f"order {self.number or ''}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is ordered when it is confirmed, to the cent; `problems` says by field why it cannot be."""

    lines: tuple[Line, ...]
    left_out: tuple[Line, ...] = ()
    outlooks: tuple[budgets.Outlook, ...] = ()
    balances: tuple[str, ...] = ()
    problems: Problems
    notices: tuple[Notice, ...] = ()
    trimmed: Trimmed | TrimmedOrders | None = None

    @property
    def all_notices(self) -> list[Notice]:
        """The notices of the whole order and of each line, without duplicates."""
        return list(dict.fromkeys([*self.notices, *(notice for line in self.lines for notice in line.notices)]))

    @property
    def takes(self) -> int:
        return sum(line.takes for line in self.lines)

    @property
    def known_usd(self) -> Decimal:
        """The sum of the known prices, in USD."""
        return sum((line.total_usd or ZERO for line in self.lines), ZERO)

    @property
    def total_usd(self) -> Decimal | None:
        """What the order reserves, in USD; None while a price is unknown."""
        return None if self.unpriced else self.known_usd

    @property
    def is_minimum(self) -> bool:
        """Whether a price among them is a starting price, so that the order may cost more."""
        return any(line.is_minimum for line in self.lines)

    @property
    def unpriced(self) -> int:
        """The number of clips without a known price."""
        return sum(line.takes for line in self.lines if line.price_usd is None)


def inspect(
    requests: list[OrderRequest], *, by: Person | None, at: datetime, spend_at_most: Decimal | None = None
) -> Receipt:
    """Return the receipt of requests that are ordered together; of several, those with problems are left out.

    `spend_at_most`, in USD, trims their takes; an order that keeps none is left out too.
    """
    lines = _lines(requests, by=by, at=at)
    good = [line for line in lines if not line.problems]
    if not good:
        return Receipt(lines=tuple(lines), problems=_merged(lines))
    replaced = next((line.request.replaces for line in good if line.request.replaces), None)
    periods = {
        campaign: budget_periods(campaign, by=by, at=at, without=replaced)
        for campaign in {line.request.campaign for line in good}
    }
    trimmed: Trimmed | TrimmedOrders | None = None
    if spend_at_most is not None:
        covering = list({period.budget.pk: period for each in periods.values() for period in each}.values())
        trimmed, good, dropped = _trimmed(good, at_most=spend_at_most, covering=covering)
        lines = [line for line in lines if line.problems] + dropped
    outlooks = _outlooks(good, periods)
    refusals = [outlook.refusal for outlook in outlooks if outlook.refusal]
    return Receipt(
        lines=tuple(good),
        left_out=tuple(line for line in lines if line.problems),
        outlooks=tuple(outlooks),
        balances=tuple(_balances(good, at=at)),
        problems=(trimmed and trimmed.problems) or ({"budget": refusals} if refusals else {}),
        notices=(*_notices(good), *_passed_over(outlooks)),
        trimmed=trimmed,
    )


def budget_periods(
    campaign: Campaign | None, *, by: Person | None, at: datetime, without: GenerationTask | None = None
) -> list[BudgetPeriod]:
    """Return the present period of each budget that covers an order on this site.

    `without` is a waiting order that is canceled for it: what that one reserves is free again.
    """
    covering = Budget.objects.covering(
        practice=settings.PRACTICE, campaign_id=campaign.pk if campaign else None, person_id=by.pk if by else None
    )
    periods = [budget.period_at(at) for budget in covering.with_periods(at=at)]
    if without is not None:
        _free(periods, without)
    return periods


def _free(periods: list[BudgetPeriod], task: GenerationTask) -> None:
    """Take what a task reserves out of the periods that count it; their rows stay as they are."""
    held = LedgerEntry.objects.open_holds().filter(task=task).first()
    if held is None or held.amount_usd is None:
        return
    counting = Budget.objects.covering(
        practice=task.practice, campaign_id=task.campaign_id, person_id=task.ordered_by_id
    )
    keys = set(counting.values_list("pk", flat=True))
    for period in periods:
        if period.budget.pk in keys and period.starts_on == starts_on(period.budget.period, held.day):
            period.held_usd -= held.amount_usd


def _trimmed(
    lines: list[Line], *, at_most: Decimal, covering: list[BudgetPeriod]
) -> tuple[Trimmed | TrimmedOrders, list[Line], list[Line]]:
    """Return what was trimmed, the lines with the takes that fit, and those that keep none."""
    if len(lines) == 1:
        one = trim(lines[0].takes, price_usd=lines[0].price_usd, at_most=at_most, periods=covering)
        return one, [replace(lines[0], takes=one.takes or lines[0].takes)], []
    wanted = [(line.takes, line.price_usd) for line in lines]
    several = trim_orders(wanted, at_most=at_most, periods=covering)
    if several.problems:
        return several, lines, []
    kept = [replace(line, takes=takes) for line, takes in zip(lines, several.takes, strict=True)]
    why = {spend_cap.FIELD: [_("it does not fit into {amount}").format(amount=usd(at_most))]}
    dropped = [replace(line, problems=why) for line in kept if not line.takes]
    return several, [line for line in kept if line.takes], dropped


def _lines(requests: list[OrderRequest], *, by: Person | None, at: datetime) -> list[Line]:
    """Return a line for each request; prices and earlier orders are read for all of them together."""
    checks, many = ImageChecks(), len(requests) > 1
    retries = ordering.retries_of([request.retry_of for request in requests if request.retry_of])
    checked = [_checked(request, checks, retries) for request in requests]
    if not prompt_campaigns.may_move(by):
        for (_request, wrong, _unread), why in zip(checked, _other_campaigns(requests), strict=True):
            if why:
                wrong.setdefault("campaign", []).append(why)
    quotes = ledger.estimates([request.order for request, *_more in checked], at=at)
    good = [(request, quote) for (request, wrong, _unread), quote in zip(checked, quotes, strict=True) if not wrong]
    earlier = iter(history.of_all(good))
    in_a_row = continuing.cautions({request.continued_from.pk for request in requests if request.continued_from})
    lines = []
    for number, ((request, wrong, unread), quote) in enumerate(zip(checked, quotes, strict=True), 1):
        cautions = [Notice(f"caution {name}", text) for name, text in offers.cautions(request.with_uploads).items()]
        if request.continued_from and (text := in_a_row.get(request.continued_from.pk)):
            cautions.append(Notice("continued", text))
        lines.append(
            Line(
                request=request,
                takes=request.takes,
                price_usd=quote.usd,
                is_minimum=quote.is_minimum,
                problems=wrong,
                notices=() if wrong else (*cautions, *unread, *next(earlier)),
                number=number if many else 0,
            )  # fmt: skip
        )
    return lines


def _other_campaigns(requests: list[OrderRequest]) -> Iterator[str]:
    """Yield of each request why its campaign is not for its prompt or its words; empty where it is.

    An order that comes from another one of the same prompt may keep that one's campaign.
    """
    copies = prompt_campaigns.of_words([request.words for request in requests if not request.prompt])
    for request in requests:
        earlier = (request.retry_of, request.take_of, request.promoted_from, request.replaces, request.continued_from)
        prompt, paying = request.prompt, request.campaign.pk if request.campaign else None
        if prompt is None:
            yield prompt_campaigns.why_no_copy(copies.get(request.words, ()), request.campaign)
        elif (prompt.pk, paying) in {(task.prompt_id, task.campaign_id) for task in earlier if task}:
            yield ""
        else:
            yield "" if prompt.campaign_id == paying else prompt_campaigns.why_not(prompt.campaign, request.campaign)


def _checked(
    request: OrderRequest, checks: ImageChecks, retries: Mapping[int, int]
) -> tuple[OrderRequest, Problems, list[Notice]]:
    """Return the request with the length of its video, what is wrong with it, and which pictures could not be read."""
    problems = ordering.problems(request, retries=retries)
    for name, text in (("prompt", request.order.prompt), ("negative_prompt", request.order.negative_prompt)):
        if wrong := prompt_text.unfilled(text):
            problems.setdefault(name, []).extend(wrong)
    unread = checks.run(request.order, problems)
    return measured(request, problems), problems, unread


def _outlooks(lines: list[Line], periods: dict[Campaign | None, list[BudgetPeriod]]) -> list[budgets.Outlook]:
    """Compare the sum of the lines with each budget that covers some of them."""
    sums: dict[int, Decimal | None] = {}
    by_budget = {}
    for line in lines:
        for period in periods[line.request.campaign]:
            key = period.budget.pk
            by_budget[key] = period
            before = sums.get(key, ZERO)
            sums[key] = None if before is None or line.total_usd is None else before + line.total_usd
    return [budgets.fit_check(by_budget[key], sums[key]) for key in sorted(by_budget)]


def _balances(lines: list[Line], *, at: datetime) -> list[str]:
    """Return the last reading of each provider's balance, and its age, in words."""
    texts = []
    for provider in sorted({line.request.order.provider for line in lines}):
        reading = _last_reading(provider)
        words = _("{provider}: {balance}, read {duration} ago") if reading else _("{provider}: not read yet")
        facts = {"balance": reading.shown, "duration": duration((at - reading.at).total_seconds())} if reading else {}
        texts.append(words.format(provider=provider_name(provider), **facts))
    return texts


def _last_reading(provider: str) -> BalanceReading | None:
    return BalanceReading.objects.of(provider, practice=settings.PRACTICE).read().last()


def _notices(lines: list[Line]) -> list[Notice]:
    """Return the warnings about the order as a whole."""
    notices = [] if Lease.objects.is_worker_alive() else [Notice("worker", _(NO_WORKER))]
    if (takes := sum(line.takes for line in lines)) > MANY_TAKES:
        words = ngettext(
            "This orders {count} clip at once. Check the number.",
            "This orders {count} clips at once. Check the number.",
            takes,
        )
        notices.append(Notice("many", words.format(count=f"{takes:,}")))
    for provider, model in sorted({(line.request.order.provider, line.request.order.model) for line in lines}):
        if text := why_paused(provider, model):
            notices.append(Notice("paused", _("{pause}. The order waits until then.").format(pause=text)))
    for provider in sorted({line.request.order.provider for line in lines}):
        theirs = [line.total_usd or ZERO for line in lines if line.request.order.provider == provider]
        reading, total = _last_reading(provider), sum(theirs, ZERO)
        if reading and reading.unit == "USD" and (reading.amount or ZERO) < total:
            words = _("The last known balance at {provider}, {balance}, does not cover {amount}.")
            text = words.format(provider=provider_name(provider), balance=reading.shown, amount=usd(total))
            notices.append(Notice("balance", text))
    return list(dict.fromkeys(notices))


def _passed_over(outlooks: list[budgets.Outlook]) -> list[Notice]:
    """Return a notice for each budget that only warns and that this order exceeds."""
    periods = [
        outlook.period
        for outlook in outlooks
        if not outlook.period.hard and (outlook.numbers.estimated or ZERO) > outlook.period.remaining_usd
    ]
    words = _("Over budget “{budget}”, which only warns.")
    return [Notice(f"over {period.budget.pk}", words.format(budget=period)) for period in periods]


def _merged(lines: list[Line]) -> Problems:
    merged: Problems = {}
    for line in lines:
        for name, texts in line.problems.items():
            merged.setdefault(name, []).extend(text for text in texts if text not in merged[name])
    return merged
