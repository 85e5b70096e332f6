"""The audit: who did what, when, to what and for how much, of each action that costs, decides, publishes or deletes.

A table of its own, written in the action's transaction. The histories that there are do not serve: a task's timeline, a
clip's history and the admin's log hold no amounts and miss links, prices and pauses, and only the ledger is kept from
being changed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.apps import apps
from django.conf import settings
from django.db import models

from generations.models.people import Person

WORDS_LENGTH = 300


class Action(models.TextChoices):
    ORDERED = "ordered", "ordered"
    CANCELED = "canceled", "canceled"
    GAVE_ID = "gave_id", "gave the provider's id"
    CLOSED = "closed", "closed as not accepted"
    WAITED = "waited", "left undecided"
    ASKED = "asked", "requested a review"
    APPROVED = "approved", "approved"
    REJECTED = "rejected", "rejected"
    CLEARED = "cleared", "cleared a decision"
    SENT_BACK = "sent_back", "sent back"
    PUBLISHED = "published", "published"
    UNPUBLISHED = "unpublished", "unpublished"
    SHARED = "shared", "shared by a link"
    REVOKED = "revoked", "revoked a link"
    CORRECTED = "corrected", "corrected a cost"
    PRICED = "priced", "added a price"
    LIMITED = "limited", "set a budget"
    PAUSED = "paused", "paused orders"
    RESUMED = "resumed", "resumed orders"
    GRANTED = "granted", "changed who may do or see what"
    DELETED = "deleted", "deleted"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def record(
        self,
        action: Action,
        row: models.Model,
        words: str = "",
        *,
        at: datetime,
        by: Person | None,
        amount_usd: Decimal | None = None,
        practice: bool | None = None,
    ) -> None:
        """Write an entry about a row, in the caller's transaction; `by` is None for a command."""
        self.create(
            action=action, kind=row._meta.label_lower, row=row.pk, name=str(row)[:WORDS_LENGTH],
            words=words[:WORDS_LENGTH], at=at, by=by, amount_usd=amount_usd,
            practice=settings.PRACTICE if practice is None else practice,
        )  # fmt: skip


class AuditEntry(models.Model):
    """An action. Entries are never changed or deleted: the triggers of migration 0034 refuse both."""

    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=20, choices=Action.choices)
    kind = models.CharField(max_length=100, help_text="The model of the row that it is about.")
    row = models.BigIntegerField(null=True, help_text="Its number, also when the row is gone.")
    name = models.CharField(max_length=300, help_text="What it was called then.")
    words = models.CharField(max_length=300, blank=True, help_text="The reason, or what was chosen.")
    amount_usd = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    practice = models.BooleanField(help_text="The amount is practice money.")

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["by", "-at"], name="audit_by_person"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
            models.Index(fields=["kind", "row"], name="audit_of_row"),
        ]

    def __str__(self) -> str:
        return f"{self.by or 'a command'} {self.get_action_display()}: {self.name}"

    @property
    def subject(self) -> str:
        """What kind of thing it is about: `video`; of a model that is gone its name then."""
        app, _, model = self.kind.partition(".")
        known = apps.all_models.get(app, {}).get(model)
        return str(known._meta.verbose_name) if known else model
