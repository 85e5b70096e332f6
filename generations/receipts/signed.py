"""Sign receipts: a token of what a person saw, valid for an hour and for one batch."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _

from generations.formats import as_price, usd
from generations.lifecycle.ordering import UNNAMED, BatchPlan, OrderRequest
from generations.models import Campaign, GenerationTask, Person, Prompt, ReferenceImage
from generations.providers.base import Order
from generations.receipts.preflight import Line, Receipt

logger = logging.getLogger(__name__)

SALT = "generations.receipt.7"  # the number of this format: a receipt of an older one orders nothing
MAX_AGE = timedelta(hours=1)
ROWS: dict[str, type[Model]] = {
    "campaign": Campaign, "prompt": Prompt,
    "retry_of": GenerationTask, "take_of": GenerationTask, "promoted_from": GenerationTask,
    "replaces": GenerationTask,
    "continued_from": GenerationTask,
}  # fmt: skip


class _Serializer:
    """JSON that tells decimals from texts, so that an order is read as it was shown, whatever the menu says now."""

    def dumps(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":"), default=lambda number: {"decimal": str(number)}).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(
            data, object_hook=lambda found: Decimal(found["decimal"]) if found.keys() == {"decimal"} else found
        )


class NotAccepted(Exception):
    """A receipt that orders nothing; the text tells staff why, `batch` is set if it was valid once."""

    def __init__(self, text: str, *, batch: uuid.UUID | None = None) -> None:
        super().__init__(text)
        self.batch = batch


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """What a person confirms: the requests, the price of one take of each in USD, and all that was shown."""

    batch: uuid.UUID
    requests: list[OrderRequest]
    prices: list[Decimal | None]
    seen: dict[str, Any]
    plan: BatchPlan


def sign(receipt: Receipt, *, by: Person, form: str, batch: uuid.UUID, at: datetime, plan: BatchPlan = UNNAMED) -> str:
    """Return the token of a receipt whose images are stored; repeating it orders its batch only once."""
    content = {
        "who": by.pk, "form": form, "batch": batch.hex, "at": at.timestamp(), "seen": seen(receipt),
        "practice": settings.PRACTICE, "plan": asdict(plan),
        "requests": [_packed(line) for line in receipt.lines],
    }  # fmt: skip
    return signing.dumps(content, salt=SALT, serializer=_Serializer, compress=True)


def read(token: str, *, by: Person, form: str, at: datetime) -> SignedReceipt:
    """Return what a token orders.

    Raises: NotAccepted for a forged or expired token, or one of another person, another form, or other money.
    """
    try:
        content = signing.loads(token, salt=SALT, serializer=_Serializer)
    except signing.BadSignature as error:
        raise _not_theirs(_("This receipt was not made by this site, or was changed."), by) from error
    if content["who"] != by.pk:
        raise _not_theirs(_("This receipt was made for someone else."), by)
    if content["practice"] != settings.PRACTICE:
        raise NotAccepted(_("The site has switched between practice and real money since this receipt was made."))
    if content["form"] != form:
        raise _not_theirs(_("This receipt belongs to another order."), by)
    batch = uuid.UUID(content["batch"])
    if at.timestamp() > content["at"] + MAX_AGE.total_seconds():
        raise NotAccepted(_("This receipt is more than an hour old."), batch=batch)
    try:
        requests = [_request(packed) for packed in content["requests"]]
    except ObjectDoesNotExist as error:
        raise NotAccepted(_("Something that this receipt orders was deleted."), batch=batch) from error
    prices = [packed["price"] for packed in content["requests"]]
    return SignedReceipt(batch, requests, prices, content["seen"], BatchPlan(**content["plan"]))


def digest(path: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return a digest of a form: its page, and its fields with normalized line ends, which browsers may change."""
    content = [path, sorted((name, value.replace("\r\n", "\n")) for name, value in fields)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _packed(line: Line) -> dict[str, Any]:
    """Return a line's request as JSON, with the primary key of each row that it names."""
    request = line.request
    return {
        "order": asdict(request.order),
        "images": {name: image.pk for name, image in request.images.items() if isinstance(image, ReferenceImage)},
        "rows": {name: row.pk for name in ROWS if (row := getattr(request, name))},
        "more": [
            line.takes,
            request.delivery,
            request.stops_when_approved,
            request.continued_at_seconds,
            request.template,
        ],
        "price": line.price_usd,
    }


def _request(packed: dict[str, Any]) -> OrderRequest:
    takes, delivery, stops_when_approved, continued_at_seconds, template = packed["more"]
    rows: dict[str, Any] = {name: ROWS[name]._default_manager.get(pk=pk) for name, pk in packed["rows"].items()}
    order = packed["order"]
    chosen = {name: tuple(value) if isinstance(value, list) else value for name, value in order["parameters"].items()}
    return OrderRequest(
        Order(**order | {"parameters": chosen}),
        takes=takes,
        delivery=delivery,
        stops_when_approved=stops_when_approved,
        continued_at_seconds=continued_at_seconds,
        template=template,
        images={name: ReferenceImage.objects.get(pk=pk) for name, pk in packed["images"].items()},
        **rows,
    )


def seen(receipt: Receipt) -> dict[str, Any]:
    """Return what a person saw of a receipt, to compare it with a later one: no word of it depends on the language."""
    return {
        "lines": {line.key: [line.takes, _text(line.price_usd), _campaign(line)] for line in receipt.lines},
        "budgets": {
            str(period.budget.pk): [str(period.budget), _text(period.limit_usd), period.hard]
            for period in (outlook.period for outlook in receipt.outlooks)
        },
        "notices": sorted(_notices(receipt)),
    }


def changes(before: dict[str, Any], receipt: Receipt) -> list[str]:
    """Return what differs from what a person saw, in sentences; empty when nothing does."""
    now = seen(receipt)
    problems = [f"{text[:1].upper()}{text[1:].rstrip('.')}." for texts in receipt.problems.values() for text in texts]
    new = [text for key, text in _notices(receipt).items() if key not in before["notices"]]
    differences = [*_of_lines(before["lines"], now["lines"], receipt), *_of_budgets(before["budgets"], now["budgets"])]
    return list(dict.fromkeys([*differences, *problems, *new]))


def _of_lines(before: dict[str, Any], now: dict[str, Any], receipt: Receipt) -> Iterator[str]:
    for key in sorted(before.keys() - now.keys()):
        why = next((text for line in receipt.left_out if line.key == key for texts in line.problems.values()
                    for text in texts), _("it can no longer be ordered"))  # fmt: skip
        yield _("Now left out, {order}: {why}.").format(order=_name(key), why=why)
    for key in sorted(now.keys() - before.keys()):
        yield _("No longer left out: {order}.").format(order=_name(key))
    for key in sorted(now.keys() & before.keys()):
        (takes, price, campaign), (takes_now, price_now, campaign_now) = before[key], now[key]
        if price != price_now:
            words = _("The price of one take of {order} was {before}, and is now {now}.")
            yield words.format(order=_name(key), before=as_price(_amount(price)), now=as_price(_amount(price_now)))
        if takes != takes_now:
            yield _("Takes that fit were {before}, and are now {now}.").format(before=takes, now=takes_now)
        if campaign != campaign_now:
            words = _("The campaign of {order} was {before}, and is now {now}.")
            yield words.format(order=_name(key), before=campaign or _("none"), now=campaign_now or _("none"))


def _name(key: str) -> str:
    """Return a line's key in words."""
    kind, _space, number = key.partition(" ")
    if kind == "task":
        return _("task {number}").format(number=number)
    return _("order {number}").format(number=number) if number else _("the order")


def _of_budgets(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | now.keys(), key=int):
        name, limit, hard = before.get(key, (None, None, None))
        name_now, limit_now, hard_now = now.get(key, (None, None, None))
        if name is None:
            words = _("The budget “{budget}” now limits this order: {limit}.")
            yield words.format(budget=name_now, limit=_usd(limit_now))
        elif name_now is None:
            yield _("The budget “{budget}” no longer limits this order.").format(budget=name)
        elif limit != limit_now:
            words = _("The limit of the budget “{budget}” was {before}, and is now {now}.")
            yield words.format(budget=name, before=_usd(limit), now=_usd(limit_now))
        elif hard != hard_now:
            words = (
                _("The budget “{budget}” is a hard limit now.")
                if hard_now
                else _("The budget “{budget}” only warns now.")
            )
            yield words.format(budget=name)


def _notices(receipt: Receipt) -> dict[str, str]:
    """Return each notice by a key; the same notice of two lines has two keys."""
    whole = {notice.key: notice.text for notice in receipt.notices}
    return whole | {f"{line.key}: {notice.key}": notice.text for line in receipt.lines for notice in line.notices}


def _campaign(line: Line) -> str:
    return str(line.request.campaign or "")


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.4f}"


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _usd(text: str | None) -> str:
    return usd(_amount(text))


def _not_theirs(text: str, by: Person) -> NotAccepted:
    """Write down that somebody sent what no page of theirs has; an old page sends none of these."""
    logger.warning("a receipt that was changed, or is another's, came from %s (number %s)", by, by.pk)
    return NotAccepted(text)
