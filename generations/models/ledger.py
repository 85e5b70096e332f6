"""Money: what was held, charged and released for each task. Written by costs.py and by nothing else."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from generations.models.tasks import GenerationTask


class Kind(models.TextChoices):
    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"
    ADJUST = "adjust"


class LedgerEntry(models.Model):
    """One event of money, in USD; never changed, never deleted. A NULL amount is a price that is not known."""

    task = models.ForeignKey(GenerationTask, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_usd = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    practice = models.BooleanField()

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger"
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="ledger_kind_known"),
            # A task is held once, and settled once: this is what "at most one charge" rests on.
            models.UniqueConstraint(
                fields=["task", "kind"], condition=~Q(kind="adjust"), name="ledger_once_per_task_and_kind"
            ),
            models.UniqueConstraint(
                fields=["task"], condition=Q(kind__in=["charge", "release"]), name="ledger_settled_once"
            ),
        ]
        indexes = [models.Index(fields=["kind", "at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_usd} for task {self.task_id}"
