"""What a person saw before the click, signed: who, of which order, at which price, under which budgets; for an hour."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core import signing

from generations.formats import usd
from generations.receipts.preflight import Line, OrderRequest, Receipt

SALT = "generations.receipt"
MAX_AGE = timedelta(hours=1)


class NotAccepted(Exception):
    """A statement that orders nothing, in words; `batch` is that of one that was good once."""

    def __init__(self, text: str, *, batch: uuid.UUID | None = None) -> None:
        super().__init__(text)
        self.batch = batch


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt as it was shown, and the batch that its order will be."""

    batch: uuid.UUID
    seen: dict[str, Any]


def sign(receipt: Receipt, *, by: Any, what: str, batch: uuid.UUID, at: datetime) -> str:
    """The one-time token of a receipt: its batch is ordered once, however often it is sent."""
    content = {"who": by.pk, "what": what, "batch": batch.hex, "at": at.timestamp(), "seen": seen(receipt)}
    return signing.dumps(content, salt=SALT, compress=True)


def read(token: str, *, by: Any, what: str, at: datetime) -> SignedReceipt:
    """Check a token that came back; raise NotAccepted when it is not this person's, or not of this order."""
    try:
        content = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotAccepted("This receipt is not one of ours, or was changed on the way.") from error
    if content["who"] != by.pk:
        raise NotAccepted("This receipt was made for someone else.")
    if content["what"] != what:
        raise NotAccepted("This receipt is of another order than the one that came with it.")
    batch = uuid.UUID(content["batch"])
    if at.timestamp() > content["at"] + MAX_AGE.total_seconds():
        raise NotAccepted("This receipt is more than an hour old.", batch=batch)
    return SignedReceipt(batch, content["seen"])


def digest(door: str, wishes: list[OrderRequest], **more: Any) -> str:
    """What is asked for, through which door, as one short word: any other request has another one."""
    content = [
        [asdict(wish.order), wish.takes, wish.delivery, wish.pictures(), wish.again.pk if wish.again else None]
        for wish in wishes
    ]
    return hashlib.sha256(json.dumps([door, content, more], sort_keys=True, default=str).encode()).hexdigest()


def seen(receipt: Receipt) -> dict[str, Any]:
    """All of a receipt that must still be so when it is confirmed."""
    return {
        "lines": {line.name: [line.takes, _text(line.price_usd), _campaign(line)] for line in receipt.lines},
        "budgets": {
            str(look.period.budget.pk): [str(look.period.budget), _text(look.period.limit_usd), look.period.hard]
            for look in receipt.outlooks
        },
        "remarks": sorted(_remarks(receipt)),
    }


def changes(before: dict[str, Any], receipt: Receipt) -> list[str]:
    """What is no longer as it was seen, in words; empty when it may be ordered."""
    now = seen(receipt)
    problems = [f"{text[:1].upper()}{text[1:]}." for texts in receipt.problems.values() for text in texts]
    new = [text for key, text in _remarks(receipt).items() if key not in before["remarks"]]
    found = [*_of_lines(before["lines"], now["lines"], receipt), *_of_budgets(before["budgets"], now["budgets"])]
    return list(dict.fromkeys([*found, *problems, *new]))


def _of_lines(before: dict[str, Any], now: dict[str, Any], receipt: Receipt) -> Iterator[str]:
    for name in sorted(before.keys() - now.keys()):
        why = next((text for line in receipt.left_out if line.name == name for texts in line.problems.values()
                    for text in texts), "it cannot be ordered any more")  # fmt: skip
        yield f"Left out now, {name}: {why}."
    for name in sorted(now.keys() - before.keys()):
        yield f"Not left out any more: {name}."
    for name in sorted(now.keys() & before.keys()):
        (takes, price, campaign), (takes_now, price_now, campaign_now) = before[name], now[name]
        if price != price_now:
            yield f"The price of one take of {name} was {_usd(price)}, and is now {_usd(price_now)}."
        if takes != takes_now:
            yield f"Takes that fit were {takes}, and are now {takes_now}."
        if campaign != campaign_now:
            yield f"The campaign of {name} was {campaign or 'none'}, and is now {campaign_now or 'none'}."


def _of_budgets(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | now.keys(), key=int):
        name, limit, hard = before.get(key, (None, None, None))
        name_now, limit_now, hard_now = now.get(key, (None, None, None))
        if name is None:
            yield f"The budget “{name_now}” covers it now: {_usd(limit_now)}."
        elif name_now is None:
            yield f"The budget “{name}” does not cover it any more."
        elif limit != limit_now:
            yield f"The limit of the budget “{name}” was {_usd(limit)}, and is now {_usd(limit_now)}."
        elif hard != hard_now:
            yield f"The budget “{name}” {'is a hard limit now' if hard_now else 'only warns now'}."


def _remarks(receipt: Receipt) -> dict[str, str]:
    """What is remarked -> its words; the same of two orders is two remarks."""
    whole = {remark.key: remark.text for remark in receipt.remarks}
    return whole | {f"{line.name}: {remark.key}": remark.text for line in receipt.lines for remark in line.remarks}


def _campaign(line: Line) -> str:
    return str(line.wish.campaign or "")


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.4f}"


def _usd(text: str | None) -> str:
    return usd(None if text is None else Decimal(text))
