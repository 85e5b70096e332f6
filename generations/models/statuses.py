"""The statuses of a task and the allowed moves between them; docs/architecture.md draws them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SUBMITTING = "submitting", _("Submitting")
    RUNNING = "running", _("Running")
    READY = "ready", _("Ready")
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Failed")
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")
    LOST = "lost", _("Lost")
    CANCELED = "canceled", _("Canceled")


class LateWord(models.TextChoices):
    """What a provider said of a task after its money was settled for the opposite, until a person has decided."""

    DONE = "done", _("It was made after all")  # and released
    FAILED = "failed", _("It failed after all")  # and charged
    DECIDED = "decided", _("A person has decided")


MOVES: dict[Status, set[Status]] = {
    Status.QUEUED: {Status.SUBMITTING, Status.RUNNING, Status.CANCELED},
    Status.SUBMITTING: {Status.RUNNING, Status.QUEUED, Status.FAILED, Status.UNCONFIRMED},
    Status.UNCONFIRMED: {Status.RUNNING, Status.FAILED},
    Status.RUNNING: {Status.READY, Status.FAILED, Status.LOST},
    Status.READY: {Status.STORED, Status.LOST},
    Status.LOST: {Status.READY},
    Status.STORED: set(),
    Status.FAILED: set(),
    Status.CANCELED: set(),
}
ENDED = (Status.STORED, Status.FAILED, Status.CANCELED)
RELEASED = (Status.FAILED, Status.CANCELED)
RESTING = (*ENDED, Status.LOST)
# Rows in these statuses always have a due_at; a lost one has it only after a person asked for a check.
ACTIVE = tuple(status for status in Status if status not in RESTING)
# What counts against a provider's concurrency limit, including what it may have accepted.
IN_FLIGHT = (Status.SUBMITTING, Status.RUNNING, Status.UNCONFIRMED)
