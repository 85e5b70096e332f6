"""The only writer of the ledger: estimates, holds, charges, releases and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from generations.formats import usd
from generations.models import Action, AuditEntry, EntryKind, GenerationTask, LedgerEntry, Person, Price
from generations.models.ledger import AMOUNT_MAX, FOUR_PLACES, SETTLED
from generations.models.prices import Quote
from generations.money import budgets
from generations.providers.base import Order

REASON_MAX = 300  # characters of a note; longer ones are cut


def estimate(order: Order, *, at: datetime) -> Quote:
    """Return today's price of one clip of this order; an unknown one is not free."""
    return Price.objects.quote(order, on=timezone.localdate(at))


def estimates(orders: Sequence[Order], *, at: datetime) -> list[Quote]:
    """Return today's price of one clip of each order, as `estimate` does, by one query."""
    return Price.objects.quotes(orders, on=timezone.localdate(at))


def hold(task: GenerationTask, *, at: datetime, by: Person | None = None) -> None:
    """Reserve one task's frozen price. Raises: ValidationError, as hold_all() does."""
    hold_all([task], at=at, by=by)


def hold_all(tasks: list[GenerationTask], *, at: datetime, by: Person | None = None) -> None:
    """Reserve the frozen prices, all or none, in a transaction that must be committed before the orders are sent.

    Raises: ValidationError at `budget` when a hard one refuses them.
    """
    with transaction.atomic():
        # Entries first: setting a limit locks the ledger and counts its entries.
        holds = [_entry(task, EntryKind.HOLD, task.price_usd, at=at, by=by, note="ordered") for task in tasks]
        budgets.reserve(LedgerEntry.objects.bulk_create(holds), at=at)


def charge(task: GenerationTask, *, at: datetime, note: str) -> None:
    """Spend the reserved price of a clip that was made; does nothing if the hold is settled."""
    _settle(task, EntryKind.CHARGE, at=at, by=None, note=note)


def release(task: GenerationTask, *, at: datetime, note: str, by: Person | None = None) -> None:
    """Release the reserved price of a task without a clip; does nothing if the hold is settled."""
    _settle(task, EntryKind.RELEASE, at=at, by=by, note=note)


def adjust(
    task: GenerationTask, amount_usd: Decimal, *, at: datetime, by: Person | None, reason: str, after: int | None = None
) -> LedgerEntry:
    """Correct what a task cost by a difference in USD, with a responsible person and a reason.

    `after` is the task's last entry as the person saw it: a form that is sent twice, or late, corrects nothing.

    Raises: ValidationError, with nothing written, at `task`, `amount`, `by` or `reason`: for an invalid correction, one
    that takes off more than was spent, or one that a hard budget whose period still runs refuses.
    """
    with transaction.atomic():
        GenerationTask.objects.select_for_update().get(pk=task.pk)
        if after not in (None, last_entry(task)):
            words = _(
                "what task {number} cost has changed since this page was opened. Look again before you correct it."
            )
            raise ValidationError({"task": [words.format(number=task.pk)]})
        if problems := _problems(task, amount_usd, by=by, reason=reason):
            raise ValidationError(problems)
        return _adjusted(task, amount_usd, at=at, by=by, reason=reason)


def _adjusted(
    task: GenerationTask, amount_usd: Decimal, *, at: datetime, by: Person | None, reason: str
) -> LedgerEntry:
    entry = _entry(task, EntryKind.ADJUST, amount_usd, at=at, by=by, note=reason.strip())
    entry.save()
    budgets.correct(entry, at=at)
    AuditEntry.objects.record(
        Action.CORRECTED, task, entry.note, at=at, by=by, amount_usd=amount_usd, practice=task.practice
    )
    return entry


def charge_late(task: GenerationTask, *, at: datetime, by: Person | None, reason: str) -> LedgerEntry:
    """Charge a released order that was made after all: the price that was reserved, or else today's, by a person.

    Raises: ValidationError, with nothing written, as adjust() does, where it was charged before, and without a price.
    """
    price = task.price_usd if task.price_usd is not None else estimate(task.order(), at=at).usd
    if price is None:
        raise ValidationError({"amount": [_("its price is unknown; add a price first")]})
    with transaction.atomic():
        GenerationTask.objects.select_for_update().get(pk=task.pk)
        entries = LedgerEntry.objects.filter(task=task)
        if entries.spent().exists() or not entries.filter(kind=EntryKind.RELEASE).exists():
            raise ValidationError(
                {"task": [_("task {number} was not released, or is charged by now").format(number=task.pk)]}
            )
        return _adjusted(task, price, at=at, by=by, reason=reason)


def take_back(task: GenerationTask, *, at: datetime, by: Person | None, reason: str) -> LedgerEntry:
    """Take back all that a task cost. Raises: ValidationError, with nothing written, as adjust() does."""
    with transaction.atomic():
        GenerationTask.objects.select_for_update().get(pk=task.pk)
        if not can_take_back(task):
            words = _("task {number} cost nothing, so there is nothing to take back")
            raise ValidationError({"task": [words.format(number=task.pk)]})
        return adjust(task, -LedgerEntry.objects.filter(task=task).spent().total_usd(), at=at, by=by, reason=reason)


def can_take_back(task: GenerationTask) -> bool:
    """Return whether a task cost something, if only an unknown amount: not if it was free, or all was taken back."""
    spent = LedgerEntry.objects.filter(task=task).spent()
    return spent.unpriced().exists() or spent.total_usd() > 0


def last_entry(task: GenerationTask) -> int:
    """Return the number of a task's last entry; 0 without any."""
    return LedgerEntry.objects.filter(task=task).order_by("-pk").values_list("pk", flat=True).first() or 0


def value_unpriced(*, at: datetime, by: Person | None) -> tuple[list[LedgerEntry], list[str]]:
    """Correct every unpriced charge by a known price; return the corrections and the refusals in words.

    The price on the day of the order counts, or else today's.
    """
    valued, refused = [], []
    for entry in LedgerEntry.objects.unpriced().select_related("task").order_by("pk"):
        held = LedgerEntry.objects.holds().get(task=entry.task_id)
        order = entry.task.order()
        for day in (held.day, timezone.localdate(at)):
            if (price := Price.objects.quote(order, on=day).usd) is not None:
                break
        else:
            continue
        try:
            valued += _value(
                entry.task, price, at=at, by=by, reason=f"its price was unknown; the price of {day} was applied"
            )
        except ValidationError as error:
            refused += [
                _("Task {number}: {problem}").format(number=entry.task_id, problem=text) for text in error.messages
            ]
    return valued, refused


def _value(task: GenerationTask, price: Decimal, *, at: datetime, by: Person | None, reason: str) -> list[LedgerEntry]:
    """Value one charge, unless another run has done so since it was listed."""
    with transaction.atomic():
        GenerationTask.objects.select_for_update().get(pk=task.pk)
        if not LedgerEntry.objects.unpriced().filter(task=task).exists():
            return []
        return [adjust(task, price, at=at, by=by, reason=reason)]


def _settle(task: GenerationTask, kind: EntryKind, *, at: datetime, by: Person | None, note: str) -> None:
    with transaction.atomic():
        if LedgerEntry.objects.filter(task=task, kind__in=SETTLED).exists():
            return
        entry = _entry(task, kind, task.price_usd, at=at, by=by, note=note)
        entry.save()
        budgets.settle([entry])


def _problems(task: GenerationTask, amount_usd: Decimal, *, by: Person | None, reason: str) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    entries = LedgerEntry.objects.filter(task=task)
    paid = entries.spent().total_usd()
    if not entries.spent().exists():
        problems["task"] = [
            _("nothing was charged for task {number}, so there is nothing to correct").format(number=task.pk)
        ]
    is_nothing = not amount_usd and not entries.charges().filter(amount_usd=None).exists()
    if not amount_usd.is_finite() or is_nothing or abs(amount_usd) > AMOUNT_MAX:
        words = _("a difference in USD, up to {most}, not {amount}")
        problems["amount"] = [words.format(most=usd(AMOUNT_MAX), amount=amount_usd)]
    elif amount_usd != amount_usd.quantize(FOUR_PLACES):
        problems["amount"] = [_("at most four decimal places, not {amount}").format(amount=amount_usd)]
    elif paid + amount_usd < 0:
        words = _("task {number} cost {amount}, so no more than that can be taken off")
        problems["amount"] = [words.format(number=task.pk, amount=usd(paid))]
    if by is None:
        problems["by"] = [_("a correction needs a person who is responsible for it")]
    if not reason.strip():
        problems["reason"] = [_("a correction needs a reason")]
    return problems


def _entry(
    task: GenerationTask, kind: EntryKind, amount_usd: Decimal | None, *, at: datetime, by: Person | None, note: str
) -> LedgerEntry:
    return LedgerEntry(
        task=task, kind=kind, amount_usd=amount_usd, at=at, day=timezone.localdate(at), by=by, note=note[:REASON_MAX],
        practice=task.practice,
    )  # fmt: skip
