"""The ledger: money reserved, charged, released and corrected for each task. Only money/ledger.py writes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.formats import exact
from generations.models.cost_centers import CostCenter

FOUR_PLACES = Decimal("0.0001")
AMOUNT_MAX = Decimal(10_000)  # USD of one entry; more is a typing error


class EntryKind(models.TextChoices):
    HOLD = "hold", _("Hold")
    CHARGE = "charge", _("Charge")
    RELEASE = "release", _("Release")
    ADJUST = "adjust", _("Adjust")


SETTLED = (EntryKind.CHARGE, EntryKind.RELEASE)
SPENT = (EntryKind.CHARGE, EntryKind.ADJUST)


def four_places(total: Decimal | None) -> Decimal:
    """Round a sum to the ledger's four places, as SQLite adds binary fractions; None, no known amount, becomes 0."""
    return Decimal(0) if total is None else total.quantize(FOUR_PLACES)


def is_unpriced() -> Q:
    """Return the condition for charges of unknown price that no correction has valued since."""
    valued = LedgerEntry.objects.filter(task=OuterRef("task"), kind=EntryKind.ADJUST)
    return Q(kind=EntryKind.CHARGE, amount_usd=None) & Q(~Exists(valued))  # in this order: few are looked up


def is_at_starting_price() -> Q:
    """Return the condition for charges of a starting price that no correction has replaced since."""
    corrected = LedgerEntry.objects.filter(task=OuterRef("task"), kind=EntryKind.ADJUST)
    return Q(kind=EntryKind.CHARGE, task__price_is_minimum=True) & Q(~Exists(corrected))


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def holds(self) -> LedgerQuerySet:
        """Select what was reserved, settled or not."""
        return self.filter(kind=EntryKind.HOLD)

    def open_holds(self) -> LedgerQuerySet:
        """Select what is reserved now: holds without a charge or a release."""
        settled = LedgerEntry.objects.filter(task=OuterRef("task"), kind__in=SETTLED)
        return self.holds().filter(~Exists(settled))

    def charges(self) -> LedgerQuerySet:
        return self.filter(kind=EntryKind.CHARGE)

    def spent(self) -> LedgerQuerySet:
        """Select charges and corrections: the sum of their amounts is what was spent."""
        return self.filter(kind__in=SPENT)

    def unpriced(self) -> LedgerQuerySet:
        return self.filter(is_unpriced())

    def at_starting_price(self) -> LedgerQuerySet:
        """Select charges that may be less than the clip has cost."""
        return self.filter(is_at_starting_price())

    def total_usd(self) -> Decimal:
        """Sum the known amounts, in USD."""
        return four_places(self.order_by().aggregate(usd=Sum("amount_usd"))["usd"])


class LedgerEntry(models.Model):
    """An amount in USD that was reserved, charged, released or corrected; NULL when the price is unknown.

    Entries are never changed or deleted: the triggers of migration 0005 refuse both.
    """

    task = models.ForeignKey("GenerationTask", on_delete=models.PROTECT, related_name="entries", verbose_name=_("task"))
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind.choices)
    amount_usd = models.DecimalField(_("amount in USD"), max_digits=10, decimal_places=4, null=True)
    at = models.DateTimeField(_("at"))
    # Stored, not computed from `at`: a site that changes its time zone must not move money to another day.
    day = models.DateField(_("day"), help_text=_("The day of `at` in the site's time zone, as it was then."))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    practice = models.BooleanField(_("practice"))
    # Copies of columns of the task that never change: reports over a million entries cannot join the tasks.
    # A trigger on PostgreSQL writes them; on SQLite they stay empty, and reports join.
    cost_center = models.ForeignKey(
        CostCenter, on_delete=models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )
    prompt_key = models.BigIntegerField(null=True, editable=False)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="ledger_kind_known"),
            # One hold and one settlement for each task: these guarantee at most one charge.
            models.UniqueConstraint(
                fields=["task", "kind"], condition=~Q(kind="adjust"), name="ledger_once_per_task_and_kind"
            ),
            models.UniqueConstraint(
                fields=["task"], condition=Q(kind__in=["charge", "release"]), name="ledger_settled_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_usd=None)
                | Q(amount_usd__gte=0, amount_usd__lte=AMOUNT_MAX)
                | Q(amount_usd__gte=-AMOUNT_MAX, amount_usd__lte=AMOUNT_MAX, kind="adjust"),
                name="ledger_amount_sane",
            ),
            # A correction has a person, a reason and an amount.
            models.CheckConstraint(
                condition=~Q(kind="adjust") | Q(by__isnull=False, amount_usd__isnull=False) & ~Q(note=""),
                name="ledger_correction_is_answered_for",
            ),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="ledger_by_time"),
            models.Index(fields=["kind", "at"]),
            models.Index(fields=["kind", "day"], name="ledger_by_day"),
            # All columns that reports read, so that the index alone answers them.
            models.Index(
                fields=["practice", "kind", "day", "cost_center", "prompt_key", "task", "amount_usd"],
                name="ledger_for_reports",
            ),
            # SQLite compares the kind with a parameter, which no condition of an index can be proved by.
            models.Index(fields=["kind", "task"], name="ledger_unpriced", condition=Q(amount_usd=None)),
            models.Index(fields=["cost_center"], name="ledger_without_cost_center", condition=Q(cost_center=None)),
        ]

    def __str__(self) -> str:
        words = gettext("{kind} {amount} for task {number}")
        return words.format(kind=self.get_kind_display().lower(), amount=self.amount_usd, number=self.task_id)

    @property
    def is_minimum(self) -> bool:
        """Whether the amount is a starting price: a correction never is."""
        return self.kind != EntryKind.ADJUST and self.task.price_is_minimum

    def as_json(self) -> dict[str, Any]:
        """Return the entry with the keys of `manage.py ledger --json`."""
        return {
            "id": self.pk,
            "task": self.task_id,
            "kind": self.kind,
            "amount_usd": exact(self.amount_usd),
            "is_minimum": self.is_minimum,
            "at": self.at.isoformat(),
            "by": self.by.get_username() if self.by else None,
            "note": self.note,
            "practice": self.practice,
        }
