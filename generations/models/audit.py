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
from django.utils.translation import gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from generations.models.people import Person

WORDS_LENGTH = 300


class Action(models.TextChoices):
    ORDERED = "ordered", _("ordered")
    CANCELED = "canceled", _("canceled")
    GAVE_ID = "gave_id", _("gave the provider's id")
    CLOSED = "closed", _("closed as not accepted")
    WAITED = "waited", _("left undecided")
    ASKED = "asked", _("requested a review")
    APPROVED = "approved", pgettext_lazy("audit", "approved")
    REJECTED = "rejected", pgettext_lazy("audit", "rejected")
    CLEARED = "cleared", _("cleared a decision")
    SENT_BACK = "sent_back", _("sent back")
    PUBLISHED = "published", pgettext_lazy("audit", "published")
    UNPUBLISHED = "unpublished", _("unpublished")
    SHARED = "shared", _("shared by a link")
    REVOKED = "revoked", _("revoked a link")
    CORRECTED = "corrected", _("corrected a cost")
    PRICED = "priced", _("added a price")
    LIMITED = "limited", _("set a budget")
    PAUSED = "paused", _("paused orders")
    RESUMED = "resumed", _("resumed orders")
    GUESSED = "guessed", _("wrong passwords")
    GRANTED = "granted", _("changed who may do or see what")
    SECURED = "secured", _("changed how somebody signs in")
    IMPORTED = "imported", _("imported prompts")
    DELETED = "deleted", _("deleted")


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
        with override(settings.LANGUAGE_CODE):  # an entry reads the same to everybody
            name = str(row)[:WORDS_LENGTH]
        self.create(
            action=action, kind=row._meta.label_lower, row=row.pk, name=name,
            words=words[:WORDS_LENGTH], at=at, by=by, amount_usd=amount_usd,
            practice=settings.PRACTICE if practice is None else practice,
        )  # fmt: skip


class AuditEntry(models.Model):
    """An action. Entries are never changed or deleted: the triggers of migration 0034 refuse both."""

    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    action = models.CharField(_("action"), max_length=20, choices=Action.choices)
    kind = models.CharField(_("kind"), max_length=100, help_text=_("The model of the row that it is about."))
    row = models.BigIntegerField(_("row"), null=True, help_text=_("Its number, also when the row is gone."))
    name = models.CharField(_("name"), max_length=300, help_text=_("What it was called then."))
    words = models.CharField(_("words"), max_length=300, blank=True, help_text=_("The reason, or what was chosen."))
    amount_usd = models.DecimalField(_("amount in USD"), max_digits=12, decimal_places=4, null=True)
    practice = models.BooleanField(_("practice"), help_text=_("The amount is practice money."))

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["by", "-at"], name="audit_by_person"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
            models.Index(fields=["kind", "row"], name="audit_of_row"),
        ]

    def __str__(self) -> str:
        who = self.by or gettext("a command")
        return f"{who} {self.get_action_display()}: {self.name}"

    @property
    def subject(self) -> str:
        """What kind of thing it is about: `video`; of a model that is gone its name then."""
        app, _, model = self.kind.partition(".")
        known = apps.all_models.get(app, {}).get(model)
        return str(known._meta.verbose_name) if known else model
