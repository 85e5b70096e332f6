"""Where a task can stand, and the ways between: docs/architecture.md draws them."""

from __future__ import annotations

from django.db import models


class Status(models.TextChoices):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    READY = "ready"
    STORED = "stored"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    LOST = "lost"
    CANCELED = "canceled"


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
# A row in one of these always has a due_at; a lost one has it only when a person asks for a check.
ACTIVE = tuple(status for status in Status if status not in RESTING)
# What counts against a provider's limit of tasks at once: also what it may have accepted.
IN_FLIGHT = (Status.SUBMITTING, Status.RUNNING, Status.UNCONFIRMED)
