"""Money: what was held, charged, released and corrected for each task. money/ledger.py is its only writer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Sum

from generations.formats import exact
from generations.models.cost_centers import CostCenter

FOUR_PLACES = Decimal("0.0001")
AMOUNT_MAX = Decimal(10_000)  # USD of one entry; more is a slip of the keyboard


class EntryKind(models.TextChoices):
    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"
    ADJUST = "adjust"


SETTLED = (EntryKind.CHARGE, EntryKind.RELEASE)
SPENT = (EntryKind.CHARGE, EntryKind.ADJUST)


def four_places(total: Decimal | None) -> Decimal:
    """A sum as the ledger writes amounts, since SQLite adds in binary fractions; no known amount sums up to nothing."""
    return Decimal(0) if total is None else total.quantize(FOUR_PLACES)


def is_unpriced() -> Q:
    """The condition of a charge whose price nobody knew, and which no correction has given a value since."""
    valued = LedgerEntry.objects.filter(task=OuterRef("task"), kind=EntryKind.ADJUST)
    return Q(~Exists(valued), kind=EntryKind.CHARGE, amount_usd=None)


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def holds(self) -> LedgerQuerySet:
        """What was reserved, whatever became of it."""
        return self.filter(kind=EntryKind.HOLD)

    def open_holds(self) -> LedgerQuerySet:
        """What is reserved now: holds that neither a charge nor a release has settled."""
        settled = LedgerEntry.objects.filter(task=OuterRef("task"), kind__in=SETTLED)
        return self.holds().filter(~Exists(settled))

    def charges(self) -> LedgerQuerySet:
        return self.filter(kind=EntryKind.CHARGE)

    def spent(self) -> LedgerQuerySet:
        """Charges and their corrections: the sum of their amounts is what was spent."""
        return self.filter(kind__in=SPENT)

    def unpriced(self) -> LedgerQuerySet:
        return self.filter(is_unpriced())

    def total_usd(self) -> Decimal:
        """The sum of the amounts that are known."""
        return four_places(self.order_by().aggregate(usd=Sum("amount_usd"))["usd"])


class LedgerEntry(models.Model):
    """One event of money, in USD; never changed, never deleted. A NULL amount is a price that is not known.

    The database refuses both, too: see the triggers of migration 0005.
    """

    task = models.ForeignKey("GenerationTask", on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    amount_usd = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    at = models.DateTimeField()
    # Written down, and not computed from `at`: a site that changes its time zone moves no money to another day.
    day = models.DateField(help_text="The day of `at` in the site's time zone, as it was then.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    practice = models.BooleanField()
    # Copies of what the task says, which never changes: over a million entries, reports cannot read the tasks too.
    # PostgreSQL writes them as the entry comes in, whoever writes it; on SQLite they stay empty, and reports join.
    cost_center = models.ForeignKey(
        CostCenter, on_delete=models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )
    prompt_key = models.BigIntegerField(null=True, editable=False)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger"
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="ledger_kind_known"),
            # A task is held once, and settled once: this is what "at most one charge" rests on.
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
            # A correction is somebody's, has a reason, and is of something.
            models.CheckConstraint(
                condition=~Q(kind="adjust") | Q(by__isnull=False, amount_usd__isnull=False) & ~Q(note=""),
                name="ledger_correction_is_answered_for",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "at"]),
            models.Index(fields=["kind", "day"], name="ledger_by_day"),
            # All that a report reads of an entry, so that it need not fetch the row.
            models.Index(
                fields=["practice", "kind", "day", "cost_center", "prompt_key", "task", "amount_usd"],
                name="ledger_for_reports",
            ),
            models.Index(fields=["cost_center"], name="ledger_without_cost_center", condition=Q(cost_center=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_usd} for task {self.task_id}"

    def as_json(self) -> dict[str, Any]:
        """The keys of `manage.py ledger --json`."""
        return {
            "id": self.pk,
            "task": self.task_id,
            "kind": self.kind,
            "amount_usd": exact(self.amount_usd),
            "at": self.at.isoformat(),
            "by": self.by.get_username() if self.by else None,
            "note": self.note,
            "practice": self.practice,
        }
