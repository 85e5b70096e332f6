"""Say what happened: to people as a sentence in their language, to programs as JSON; and where it leads."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from generations.formats import usd
from generations.models import Happening, NoticeKind, Pause, Status

PAGES = {
    "batch": "batch",
    "task": "admin:generations_generationtask_change",
    "budget": "admin:generations_budget_change",
    "pauses": "admin:generations_pause_changelist",
    "endpoint": "admin:generations_endpoint_change",
}
TYPES = {
    NoticeKind.BATCH: "batch.finished",
    NoticeKind.FAILED: "order.failed",
    NoticeKind.UNDECIDED: "order.needs_person",
    NoticeKind.BUDGET: "budget.alarm",
    NoticeKind.PAUSE: "orders.paused",
    NoticeKind.ENDPOINT: "webhook.switched_off",
}
TEST = "test"


def sentence(happening: Happening) -> str:
    """Return what happened in the current language; names and what a provider said stand as they were written."""
    facts = happening.facts
    match happening.kind:
        case NoticeKind.BATCH if facts["failed"]:
            text = _("The batch “{name}” has ended: {stored} of {clips} clips are stored, {failed} failed.")
        case NoticeKind.BATCH:
            text = _("The batch “{name}” has ended: {stored} of {clips} clips are stored.")
        case NoticeKind.FAILED if "batch_name" in facts:
            text = _("An order of the batch “{batch_name}” failed and was not charged: {reason}")
        case NoticeKind.FAILED:
            text = _("“{name}” failed and was not charged: {reason}")
        case NoticeKind.UNDECIDED if facts["state"] == Status.LOST:
            text = _("The clip of “{name}” is charged and could not be stored. Check with the provider once more.")
        case NoticeKind.UNDECIDED:
            text = _("Nobody knows whether the order “{name}” was accepted. Its money stays reserved: decide.")
        case NoticeKind.BUDGET:
            text = _("{percent} % of the budget “{name}” is reserved or spent. Its limit is {limit}.")
            facts = {**facts, "limit": usd(Decimal(facts["limit_usd"]))}
        case NoticeKind.PAUSE:
            text = _("{what} are paused: {reason}")
            facts = {**facts, "what": Pause(provider=facts["provider"], model=facts["model"]).subject}
        case _:
            text = _("The webhook to {name} was switched off: {reason}")
    return text.format(**facts)


def path(happening: Happening) -> str:
    """Return the address of the page that a happening leads to, on this site."""
    return reverse(PAGES[happening.page], args=[happening.row] if happening.row else [])


def url(path: str) -> str:
    """Return an address as the internet sees it; empty where PUBLIC_URL is."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else ""


def body(happening: Happening) -> str:
    """Return the JSON that webhooks send; its text is in English."""
    with translation.override(settings.LANGUAGE_CODE):
        own = {"text": sentence(happening), "url": url(path(happening)) or None, "id": happening.pk}
    return _json(TYPES[NoticeKind(happening.kind)], happening.at, own | happening.facts)


def body_of_test(at: datetime) -> str:
    """Return the JSON of a test."""
    return _json(TEST, at, {"text": "A test of this webhook."})


def _json(kind: str, at: datetime, data: dict[str, Any]) -> str:
    data |= {"practice": settings.PRACTICE}
    return json.dumps({"type": kind, "timestamp": at.isoformat(), "data": data}, ensure_ascii=False)
