"""Send what is due to endpoints: signed, tried again for a day, each try logged; switch off one that stays silent.

The format is that of https://www.standardwebhooks.com: a message keeps its id and body; each try signs its time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from standardwebhooks import Webhook

from generations import clock
from generations.media.origins import USER_AGENT
from generations.models import Endpoint, Happening, NoticeKind, WebhookMessage, WebhookTry
from generations.models.leases import lease_held
from generations.notices import deriving, wording
from generations.notices.happenings import Found
from generations.notices.posting import Answer, post

logger = logging.getLogger(__name__)

LEASE, LEASE_SECONDS = "webhooks", 20.0
CLAIM = timedelta(minutes=2)  # a try that nobody recorded, because its worker died, is repeated after this
WAITS = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(hours=17))  # five tries over a day
GONE = 410  # the receiver wants no more


def has_due(*, at: datetime) -> bool:
    return due(at=at).exists()


def due(*, at: datetime) -> QuerySet[WebhookMessage]:
    """Select the messages to send now; an endpoint that is switched off gets its tests only."""
    to_send = Q(endpoint__active=True) | Q(happening=None)
    return WebhookMessage.objects.filter(to_send, due_at__lte=at).order_by("due_at", "id")


def send_due(*, goes_on: Callable[[], bool]) -> int:
    """Send what is due, if no other process does, while `goes_on`; return how many tries were made.

    An endpoint whose try fails has its other messages wait for the next run, so that it delays no other one.
    """
    failing: set[int] = set()
    tries = 0
    with lease_held(LEASE, seconds=LEASE_SECONDS) as lease:
        while lease and lease.is_ours and goes_on():
            message = _claim(failing, at=clock.now())
            if message is None:
                break
            tries += 1
            if not _try(message):
                failing.add(message.endpoint_id)
    return tries


def headers(message: WebhookMessage, *, at: datetime) -> dict[str, str]:
    """Return the headers that prove who sends a message now."""
    signed_at = at.astimezone(UTC)
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(message.endpoint.secret()).sign(message.message_id, signed_at, message.body),
    }


def enqueue_test(endpoint: Endpoint, *, at: datetime) -> WebhookMessage:
    """Have the worker send a test, once."""
    return WebhookMessage.objects.create(endpoint=endpoint, body=wording.body_of_test(at), created_at=at, due_at=at)


def _claim(failing: set[int], *, at: datetime) -> WebhookMessage | None:
    message = due(at=at).exclude(endpoint__in=failing).select_related("endpoint").first()
    if message is None:
        return None
    mine = WebhookMessage.objects.filter(pk=message.pk, due_at=message.due_at)
    if not mine.update(tries=F("tries") + 1, due_at=at + CLAIM):
        return None
    message.tries += 1
    return message


def _try(message: WebhookMessage) -> bool:
    at = clock.now()
    answer = post(message.endpoint.address, message.body.encode(), headers(message, at=at))
    level = logging.WARNING if answer.error else logging.INFO
    said = answer.error or f"answered {answer.http_status}"
    logger.log(level, "webhook %s to %s, try %d: %s", message, message.endpoint.host, message.tries, said)
    with transaction.atomic():
        record(message, answer, at=clock.now())
    return not answer.error


def record(message: WebhookMessage, answer: Answer, *, at: datetime) -> None:
    """Log a try, and plan the next one: never after a success, a test or the last try."""
    said = {"http_status": answer.http_status, "error": answer.error, "seconds": answer.seconds}
    WebhookTry.objects.create(message=message, at=at, **said)
    is_test = message.happening_id is None
    is_last = is_test or message.tries > len(WAITS) or answer.http_status == GONE
    due_at = None if is_last or not answer.error else at + WAITS[message.tries - 1]
    row = WebhookMessage.objects.filter(pk=message.pk)
    row.update(due_at=due_at, delivered_at=None if answer.error else at)
    if answer.error and is_last and not is_test:
        delivered = message.endpoint.messages.filter(delivered_at__gte=message.created_at)
        if answer.http_status == GONE or not delivered.exists():
            switch_off(message.endpoint, answer.error, at=at)


def switch_off(endpoint: Endpoint, reason: str, *, at: datetime) -> None:
    """Send nothing more to an endpoint until a person switches it on again, and tell those who may."""
    mine = Endpoint.objects.filter(pk=endpoint.pk, active=True)
    if not mine.update(active=False, off_because=reason):
        return
    logger.error("webhooks to %s are switched off: %s", endpoint.host, reason)
    endpoint.messages.filter(happening__isnull=False).update(due_at=None)
    happening = Happening(
        key=f"endpoint:{endpoint.pk}:{at.isoformat()}", kind=NoticeKind.ENDPOINT, at=at, page="endpoint",
        row=endpoint.pk, facts={"name": endpoint.host, "reason": reason},
    )  # fmt: skip
    deriving.write([Found(happening)], at=at)
