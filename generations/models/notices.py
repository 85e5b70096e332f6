"""Notices: what happened, whom it is told, and what each person wants to be told, where and how often."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations.models.campaigns import Campaign
from generations.models.people import Person

MOST_COUNTED = 100  # unread notices: the header says "99+" of that many


class NoticeKind(models.TextChoices):
    BATCH = "batch", _("Finished batches")
    FAILED = "failed", _("Failed orders")
    UNDECIDED = "undecided", _("Orders that need a person")
    BUDGET = "budget", _("Budget alarms")
    PAUSE = "pause", _("Paused orders")
    ENDPOINT = "endpoint", _("Webhooks that were switched off")


# The permission that opens the page of a notice: without it a person is told nothing of that kind.
NEEDED = {
    NoticeKind.BATCH: "view_generationtask",
    NoticeKind.FAILED: "view_generationtask",
    NoticeKind.UNDECIDED: "view_generationtask",
    NoticeKind.BUDGET: "view_budget",
    NoticeKind.PAUSE: "view_pause",
    NoticeKind.ENDPOINT: "view_endpoint",
}


def kinds_open_to(person: Person) -> list[NoticeKind]:
    """Return the kinds that a person may be told of now."""
    return [kind for kind, name in NEEDED.items() if person.has_perm(f"generations.{name}")]


class Happening(models.Model):
    """Something that people and webhooks are told of, with its figures as they were then."""

    key = models.CharField(max_length=100, unique=True, help_text="What it is made of, so that it is told once.")
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    at = models.DateTimeField()
    page = models.CharField(max_length=20, help_text="Which page it leads to.")
    row = models.BigIntegerField(null=True, help_text="The number of the row on that page.")
    campaign = models.ForeignKey(Campaign, on_delete=models.SET_NULL, null=True, related_name="+")
    facts = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at"], name="happening_by_time")]

    def __str__(self) -> str:
        return self.key


class NoticeQuerySet(models.QuerySet["Notice"]):
    def open_to(self, person: Person) -> NoticeQuerySet:
        """Select a person's own notices, but for those of what they may not see any more."""
        mine = self.filter(person=person, happening__kind__in=kinds_open_to(person))
        return mine.exclude(happening__campaign__in=Campaign.objects.closed_to(person))

    def listed(self, person: Person) -> NoticeQuerySet:
        """Select what the person's page of notices lists."""
        return self.open_to(person).filter(in_admin=True)

    def unread(self, person: Person) -> NoticeQuerySet:
        return self.listed(person).filter(read_at=None)

    def count_unread(self, person: Person) -> int:
        """Count a person's unread notices, up to MOST_COUNTED, in one query."""
        return self.unread(person).order_by()[:MOST_COUNTED].count()

    def to_be_mailed(self, person: Person) -> NoticeQuerySet:
        """Select what a person's next digest tells: neither read in the admin nor mailed before."""
        return self.open_to(person).filter(by_mail=True, mailed_at=None, read_at=None)


class Notice(models.Model):
    """That one person is told of a happening."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    happening = models.ForeignKey(Happening, on_delete=models.CASCADE, related_name="notices")
    in_admin = models.BooleanField(default=True)
    by_mail = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True, help_text="When the digest that tells it was claimed.")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["person", "happening"], name="notice_once_for_a_person")]
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_newest"),
            # The header of every staff page counts these.
            models.Index(fields=["person"], name="notice_unread", condition=Q(in_admin=True, read_at=None)),
            models.Index(fields=["person"], name="notice_to_mail", condition=Q(by_mail=True, mailed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.happening} for {self.person}"


class HowOften(models.TextChoices):
    NEVER = "never", _("Never")
    HOURLY = "hourly", _("At most once an hour")
    DAILY = "daily", _("At most once a day")


class NoticeChoice(models.Model):
    """What a person wants to be told and how; without a row: everything in the admin, nothing by e-mail.

    What is hidden is kept, and not what is shown, so that a kind that is new is shown to everybody.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="notice_choice"
    )
    hidden = models.JSONField(default=list, help_text="The kinds that the admin does not tell.")
    mailed = models.JSONField(default=list, help_text="The kinds that digests tell.")
    how_often = models.CharField(max_length=10, choices=HowOften.choices, default=HowOften.NEVER)
    language = models.CharField(max_length=10, default=settings.LANGUAGE_CODE, help_text="Of the digests.")
    digest_at = models.DateTimeField(null=True, help_text="When the last digest was claimed.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"What {self.person} is told"


class NoticeCursor(models.Model):
    """How far a table was read for happenings.

    A row may commit after one with a higher number. So `settled` follows `seen` only after the longest time that a
    transaction can be open, and what lies between is read again.
    """

    name = models.CharField(max_length=20, primary_key=True)
    settled = models.BigIntegerField(default=0, help_text="No row up to this number is read any more.")
    seen = models.BigIntegerField(default=0, help_text="The highest number when it was last noted.")
    seen_at = models.DateTimeField(null=True, help_text="When it was noted.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.settled}"
