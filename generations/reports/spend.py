"""Sum the ledger: what was spent, on what, and what each approved clip cost.

A page sums a million entries. So entries are grouped by the cost center that each one names, without reading tasks;
only entries without a cost center (on SQLite, all) are joined with their tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db.models import Aggregate, Count, Exists, FloatField, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext

from generations.models import Campaign, CostCenter, EntryKind, GenerationTask, LedgerEntry, Prompt, Review, Status
from generations.models.cost_centers import NOBODY
from generations.models.ledger import SETTLED, SPENT, LedgerQuerySet, four_places, is_at_starting_price, is_unpriced
from generations.providers import offers
from generations.reports.totals import Figures, Groups

DIMENSIONS = ("provider", "model", "mode", "campaign", "person")
OF_A_COST_CENTER = ("provider", "model", "mode", "campaign_key", "person_key")
OF_A_TASK = ("provider", "model", "mode", "campaign", "ordered_by")
OF_AN_ENTRY = {
    "day": ["day"],
    "prompt": ["task__prompt"],
    "version": ["task__prompt_text", "task__negative_prompt"],
    "cost_center": [f"task__{name}" for name in OF_A_TASK],
}
BY_COST_CENTER = {
    "day": "day",
    "cost_center": "cost_center",
    "prompt": "prompt_key",
}  # columns of an entry that has a cost center
MOVED = (*SPENT, EntryKind.RELEASE)
LATE_DAYS = 1  # an entry of the last minute of a day is committed on the next one
KEPT_SECONDS = 3600
UNSETTLED = (Status.QUEUED, Status.SUBMITTING, Status.RUNNING, Status.UNCONFIRMED)
Key = Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which entries to sum: days of the site's time zone, both included, real or practice money, and dimensions."""

    first: date
    last: date
    practice: bool
    provider: str = ""
    campaign: int | None = None  # NOBODY: without a campaign; None: all
    person: int | None = None
    prompt: int | None = None

    @cached_property
    def bound(self) -> dict[str, Any]:
        """The dimensions that are restricted, with their values."""
        values = {"provider": self.provider or None, "campaign": self.campaign, "person": self.person}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def entries(self) -> LedgerQuerySet:
        """Entries of these days and this money, whatever their dimensions."""
        return LedgerEntry.objects.filter(practice=self.practice, day__range=(self.first, self.last)).order_by()

    def of_tasks(self, prefix: str = "") -> Q:
        """Return the dimensions as a condition on tasks, or on rows that lead to a task by `prefix`."""
        condition = Q()
        for name, column in zip(DIMENSIONS, OF_A_TASK, strict=True):
            if name in self.bound:
                nobody = name != "provider" and self.bound[name] == NOBODY
                condition &= Q(**{f"{prefix}{column}": None if nobody else self.bound[name]})
        return condition & Q(**{f"{prefix}prompt": self.prompt}) if self.prompt else condition

    def grouped(
        self, entries: QuerySet[LedgerEntry], by: str, *also: str, **sums: Aggregate
    ) -> Iterator[tuple[Any, ...]]:
        """Yield `(key, *also, *sums)` for each group of entries; a group may come in two parts.

        `by` is a key of OF_AN_ENTRY. The key of a `cost_center` has a value for each of DIMENSIONS, that of a `version`
        the prompt and the negative prompt.
        """
        if column := BY_COST_CENTER.get(by):
            known = Q(cost_center__in=self._cost_centers) if self.bound else Q(cost_center__isnull=False)
            if self.prompt:
                known &= Q(prompt_key=self.prompt)
            for key, *rest in entries.filter(known).values_list(column, *also).annotate(**sums):
                yield self._cost_centers[key] if by == "cost_center" else key, *rest
            if not self._has_bare_entries:
                return
            entries = entries.filter(cost_center=None)
        columns = OF_AN_ENTRY[by]
        for row in entries.filter(self.of_tasks("task__")).values_list(*columns, *also).annotate(**sums):
            yield _key(by, row[: len(columns)]), *row[len(columns) :]

    @cached_property
    def _cost_centers(self) -> dict[int, Key]:
        columns = dict(zip(DIMENSIONS, OF_A_COST_CENTER, strict=True))
        rows = CostCenter.objects.filter(**{columns[name]: value for name, value in self.bound.items()})
        return {pk: tuple(key) for pk, *key in rows.values_list("pk", *OF_A_COST_CENTER)}

    @cached_property
    def _has_bare_entries(self) -> bool:
        return LedgerEntry.objects.filter(cost_center=None).order_by().exists()


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    figures: Figures
    key: int = 0  # of the prompt that the row names; else 0


@dataclass(frozen=True, slots=True)
class SpendReport:
    total: Figures
    days: list[tuple[date, Figures]]
    by: dict[str, list[Row]]


def spend_report(question: Question) -> SpendReport:
    """Return the totals, by day and by each dimension, the most expensive first."""
    days, cost_centers = Groups(), Groups()
    for (day, *cost_center), figures in _open(question, ["day", *OF_AN_ENTRY["cost_center"]]):
        days[day].add(figures)
        cost_centers[_key("cost_center", cost_center)].add(figures)
    for day, figures in _moved(question, by="day"):
        days[day].add(figures)
    for key, day, n in question.grouped(question.entries.at_starting_price(), "cost_center", "day", n=Count("id")):
        days[day].add(Figures(minimum=n))
        cost_centers[key].add(Figures(minimum=n))
    for key, figures in [*_moved(question, by="cost_center"), *_approved(question, by="cost_center")]:
        cost_centers[key].add(figures)
    total, by = Figures(), {name: Groups() for name in DIMENSIONS}
    for cost_center, figures in cost_centers.items():
        total.add(figures)
        for name, value in zip(DIMENSIONS, cost_center, strict=True):
            by[name][value].add(figures)
    return SpendReport(total, sorted(days.items()), {name: _rows(groups, _names(name)) for name, groups in by.items()})


def by_prompt(question: Question, *, limit: int | None = None) -> tuple[Figures, list[Row]]:
    """Return the total and the figures by prompt, the most expensive first, at most `limit` rows."""
    groups, total = summed(question, by="prompt"), Figures()
    for figures in groups.values():
        total.add(figures)
    dearest = sorted(groups, key=lambda pk: (-groups[pk].spent, -groups[pk].reserved, pk))[:limit]
    prompts = Prompt.objects.only("title", "text").in_bulk(dearest)
    return total, [Row(prompts[pk].name, groups[pk], pk) for pk in dearest]


@dataclass(frozen=True, slots=True)
class Version:
    """A wording of a prompt that clips were ordered with."""

    name: str  # "v2", numbered by first order; "v3, as it is now"
    words: str
    figures: Figures


def by_version(question: Question, prompt: int) -> list[Version]:
    """Return what each wording of a prompt cost, the latest first. Raises: Prompt.DoesNotExist."""
    groups = summed(replace(question, prompt=prompt), by="version")
    now = Prompt.objects.get(pk=prompt)
    wordings = GenerationTask.objects.filter(prompt=prompt).order_by().values_list("prompt_text", "negative_prompt")
    first = [tuple(wording) for *wording, __ in wordings.annotate(first=Min("id")).order_by("first")]
    versions = []
    for number, (text, unwanted) in enumerate(first, 1):
        is_now = (text, unwanted) == (now.text, now.negative_prompt)
        name = gettext("v{number}, as it is now") if is_now else "v{number}"
        words = gettext("{text} (not: {unwanted})").format(text=text, unwanted=unwanted) if unwanted else text
        if (text, unwanted) in groups:
            versions.append(Version(name.format(number=number), words, groups[text, unwanted]))
    return versions[::-1]


def summed(question: Question, *, by: str, clips: bool = True) -> Groups:
    """Return all figures of each group; `clips=False` saves the join that counts approved clips."""
    groups = Groups()
    for group, figures in _open(question, OF_AN_ENTRY[by]):
        groups[_key(by, group)].add(figures)
    for key, n in question.grouped(question.entries.at_starting_price(), by, n=Count("id")):
        groups[key].add(Figures(minimum=n))
    for key, figures in [*_moved(question, by=by), *(_approved(question, by=by) if clips else ())]:
        groups[key].add(figures)
    return groups


def _key(by: str, values: Key) -> Any:
    if by == "cost_center":
        return tuple(value or NOBODY for value in values)
    return tuple(values) if by == "version" else values[0]


def by_day_and_model(question: Question) -> dict[tuple[date, str], Figures]:
    """Sum what was spent, and count what has no price yet or a starting price, of each day and model.

    For a few weeks at most.
    """
    # One pass: SQLite joins each entry with its task.
    sums = {
        "usd": Sum("amount_usd"),
        "unpriced": Count("id", filter=is_unpriced()),
        "minimum": Count("id", filter=is_at_starting_price()),
    }
    entries = question.entries.filter(question.of_tasks("task__")).spent()
    rows = entries.values_list("day", "task__model").annotate(**sums)
    return {
        (day, model): Figures(spent=four_places(usd), unpriced=unpriced, minimum=minimum)
        for day, model, usd, unpriced, minimum in rows
    }


def recent_by_day_and_model(question: Question) -> dict[tuple[date, str], Figures]:
    """Return `by_day_and_model` for days that end today; those that are over are kept for an hour.

    Entries are never changed, so only a correction changes a day that is over: the last one is part of the key.
    """
    before = question.last - timedelta(days=LATE_DAYS + 1)
    if question.first > before:
        return by_day_and_model(question)
    corrected = LedgerEntry.objects.filter(kind=EntryKind.ADJUST).order_by().aggregate(last=Max("id"))["last"]
    key = f"spend-{question.practice}-{question.first}-{before}-{corrected}"
    over = cache.get(key)
    if over is None:
        cache.set(key, over := dict(by_day_and_model(replace(question, last=before))), KEPT_SECONDS)
    return {**over, **by_day_and_model(replace(question, first=before + timedelta(days=1)))}


def reserved_now(*, practice: bool) -> Figures:
    """Sum what is reserved, whenever that was."""
    total = Figures()
    for __, figures in _summed_holds(open_holds(practice=practice), ["kind"]):
        total.add(figures)
    return total


def open_holds(*, practice: bool) -> LedgerQuerySet:
    """Select what is reserved now by the tasks that are not settled, which are few."""
    tasks = GenerationTask.objects.filter(practice=practice, status__in=UNSETTLED).order_by()
    settled = LedgerEntry.objects.filter(task=OuterRef("task"), kind__in=SETTLED)
    # SQLite would rather read all holds, so it is not asked for that kind.
    others = [kind for kind in EntryKind if kind != EntryKind.HOLD]
    holds = LedgerEntry.objects.filter(~Exists(settled), task__in=tasks.values("pk")).exclude(kind__in=others)
    return holds.order_by()


def _open(question: Question, columns: list[str]) -> Iterator[tuple[list[Any], Figures]]:
    """Yield what is reserved now, and what has no price yet, of each group; few entries, so their tasks are joined."""
    yield from _reserved(question, columns)
    yield from _unpriced(question, columns)


def _unpriced(question: Question, columns: list[str]) -> Iterator[tuple[list[Any], Figures]]:
    entries = question.entries.filter(question.of_tasks("task__"))
    for *key, n in entries.unpriced().values_list(*columns).annotate(n=Count("id")):
        yield key, Figures(unpriced=n)


def _reserved(question: Question, columns: list[str]) -> Iterator[tuple[list[Any], Figures]]:
    entries = question.entries.filter(question.of_tasks("task__"))
    # Only tasks in these states have open holds: few rows, found by an index.
    yield from _summed_holds(entries.open_holds().filter(task__status__in=UNSETTLED), columns)


def _summed_holds(holds: LedgerQuerySet, columns: list[str]) -> Iterator[tuple[list[Any], Figures]]:
    counts = {"known": Count("amount_usd"), "minimum": Count("id", filter=Q(task__price_is_minimum=True))}
    sums = holds.values_list(*columns).annotate(usd=Sum("amount_usd"), n=Count("id"), **counts)
    for *key, amount, n, known, minimum in sums:
        yield key, Figures(reserved=four_places(amount), holds=n, reserved_unpriced=n - known, reserved_minimum=minimum)


def _moved(question: Question, *, by: str) -> Iterator[tuple[Any, Figures]]:
    """Yield what was spent and what was released, of each group."""
    moved = question.entries.filter(kind__in=MOVED)
    for key, kind, amount, n in question.grouped(moved, by, "kind", amount=Sum("amount_usd"), n=Count("id")):
        if kind == EntryKind.RELEASE:
            yield key, Figures(released=four_places(amount), releases=n)
        else:
            yield key, Figures(spent=four_places(amount), charges=n if kind == EntryKind.CHARGE else 0)


def _approved(question: Question, *, by: str) -> Iterator[tuple[Any, Figures]]:
    """Yield the approved clips that the charges of these days paid for, of each group."""
    sums = {"n": Count("id"), "seconds": Sum(RawSQL("generations_video.duration_seconds", [], FloatField()))}  # noqa: S611
    for key, n, seconds in question.grouped(_with_approved(question.entries.charges()), by, **sums):
        yield key, Figures(approved=n, approved_seconds=seconds)


def _with_approved(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Join entries with the approved clips of their tasks.

    The ORM would join the tasks too, which doubles the time over a million entries.
    """
    same_task = "generations_video.task_id = generations_ledgerentry.task_id"
    approved = "generations_video.review = %s"
    return entries.extra(tables=["generations_video"], where=[same_task, approved], params=[Review.APPROVED.value])  # noqa: S610


def _rows(groups: dict[Any, Figures], name: Callable[[Any], str]) -> list[Row]:
    rows = [Row(name(key), figures) for key, figures in groups.items()]
    return sorted(rows, key=lambda row: (-row.figures.spent, -row.figures.reserved, row.name))


def _names(dimension: str) -> Callable[[Any], str]:
    """Return a function that names a value of a dimension."""
    if dimension == "campaign":
        return {NOBODY: gettext("No campaign"), **dict(Campaign.objects.values_list("pk", "name"))}.__getitem__
    if dimension == "person":
        people = {user.pk: user.get_username() for user in get_user_model().objects.all()}
        return {NOBODY: gettext("Nobody"), **people}.__getitem__
    return {"provider": offers.provider_name, "model": offers.model_name, "mode": offers.mode_name}[dimension]
