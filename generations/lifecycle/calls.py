"""A claimed row with the HTTP call that is due for it, and the wait after a failure."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from django.conf import settings

from generations.providers.base import RemoteTask
from generations.providers.errors import NotSent, ProviderError

CALL_LEASE = timedelta(seconds=150)  # of a claimed row: the wait for a thread, and one exchange
REMINDER_INTERVAL = timedelta(hours=1)  # between two reminders of an unconfirmed order
START_SECONDS = 50.0  # from the claim; with an exchange (at most 90 s) and its write it stays within the lease
BACKOFF_FIRST_SECONDS, BACKOFF_MAX_SECONDS = 2.0, 300.0

Outcome = str | RemoteTask | Decimal | ProviderError


class CallKind(Enum):
    """The purpose of a call, which decides who applies its answer."""

    SUBMIT = "order"  # the POST that costs money
    POLL = "state"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True, eq=False)
class ProviderCall:
    """A claimed row and the HTTP call that is due for it."""

    kind: CallKind
    provider: str
    call: Callable[[], str | RemoteTask | Decimal]
    task_id: int = 0
    attempt: int = 0  # of sending; the answer to an earlier one does not concern the row as it is now
    claimed_until: datetime | None = None  # the due time that its claim wrote: while it stands, nobody touched the row
    wait_seconds: float = 0.0  # until the next poll of a task that is still being worked on
    claimed_at: float = field(default_factory=lambda: time.monotonic())

    def __call__(self) -> Outcome:
        if time.monotonic() - self.claimed_at > START_SECONDS:
            return NotSent("claimed, but not begun in time: it is tried again")
        try:
            return self.call()
        except ProviderError as error:
            return error


def backoff(failures: int, *, most: float = BACKOFF_MAX_SECONDS) -> float:
    """Return the seconds to wait after `failures` in a row: doubled each time, at most `most`, randomly spread."""
    wait = min(BACKOFF_FIRST_SECONDS * 2.0 ** min(failures, 20), most)
    spread: float = random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not a secret
    return wait * spread * float(settings.WAIT_SCALE)


NO_ERROR: dict[str, Any] = {"error_kind": "", "error_code": "", "error_message": ""}


def error_columns(error: ProviderError) -> dict[str, Any]:
    return {"error_kind": error.kind, "error_code": error.code, "error_message": error.message}
