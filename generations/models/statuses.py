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
RESTING = (*ENDED, Status.LOST)
# Rows in these statuses always have a due_at; a lost one has it only after a person asked for a check.
ACTIVE = tuple(status for status in Status if status not in RESTING)
# What counts against a provider's concurrency limit, including what it may have accepted.
IN_FLIGHT = (Status.SUBMITTING, Status.RUNNING, Status.UNCONFIRMED)
