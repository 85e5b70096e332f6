"""Order again from an earlier task: a retry after a failure, another take, a promotion to a better mode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from generations.formats import as_price, usd
from generations.lifecycle.ordering import OrderRequest, problems
from generations.models import GenerationTask
from generations.money import ledger
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Order
from generations.providers.menu import Offer
from generations.providers.parameters import YesNo

MAY_GO = ("route", "cfg_scale", "aspect_ratio")  # settings without which the same clip may be ordered


@dataclass(frozen=True, slots=True)
class Promotion:
    """A better mode for the same prompt and frames; in USD, `more` is the difference to the task's price."""

    request: OrderRequest
    price: Decimal | None
    more: Decimal | None
    is_minimum: bool = False

    @property
    def name(self) -> str:
        """What a form sends for it."""
        return f"{self.request.order.model} {self.request.order.mode}"

    @property
    def words(self) -> str:
        """Model and mode, for people."""
        return f"{offers.model_name(self.request.order.model)}, {offers.mode_name(self.request.order.mode)}"

    @property
    def more_words(self) -> str:
        """The difference in price: `from $0.25 more`; empty when it is unknown."""
        return "" if self.more is None else _("{amount} more").format(amount=usd(self.more, is_minimum=self.is_minimum))

    @property
    def price_words(self) -> str:
        """The price, and the difference."""
        price = as_price(self.price, is_minimum=self.is_minimum)
        return f"{price}, {self.more_words}" if self.more_words else price


def retry(task: GenerationTask) -> OrderRequest:
    """Return the request for the same order, as a new task that names this one."""
    return replace(_same_order(task), retry_of=task)


def another_take(task: GenerationTask) -> OrderRequest:
    """Return the request for one more clip of the same order, beside the others."""
    return replace(_same_order(task), take_of=task)


def _same_order(task: GenerationTask) -> OrderRequest:
    order = replace(task.order(), callback_url="").with_images(task.start_image_url, task.end_image_url)
    images = {name: image for name in IMAGE_FIELDS if (image := getattr(task, name))}
    return OrderRequest(
        order, delivery=task.delivery, images=images, campaign=task.campaign, prompt=task.prompt,
        continued_from=task.continued_from, continued_at_seconds=task.continued_at_seconds,
    )  # fmt: skip


def promotions(task: GenerationTask, *, at: datetime) -> list[Promotion]:
    """Return the more expensive modes of the task's provider that take the same prompt and frames, cheapest first.

    One of an older model is left out. One without a price is, as people decide by the difference; but where no price is
    known to be higher, the newer models of unknown price are returned.
    """
    requests = [request for request in _candidates(task) if not problems(request)]
    quotes = ledger.estimates([each.order for each in requests], at=at)
    priced, unpriced = [], []
    for request, quote in zip(requests, quotes, strict=True):
        if quote.usd is None:
            unpriced += [Promotion(request, None, None)] if _is_newer(request.order.model, task.model) else []
        elif task.price_usd is None or quote.usd > task.price_usd:
            more = None if task.price_usd is None else quote.usd - task.price_usd
            priced.append(Promotion(request, quote.usd, more, quote.is_minimum))
    return sorted(priced, key=lambda way: way.price or 0) or unpriced


def _is_newer(model: str, than: str) -> bool:
    return _generation(model) > _generation(than)


def _candidates(task: GenerationTask) -> Iterator[OrderRequest]:
    """Yield the same order for each other mode of its provider, but for those of older models."""
    own = _same_order(task)
    for offer in offers.OFFERS.values():
        is_other = offer.provider == own.order.provider and offer.key != (task.provider, task.model, task.mode)
        if is_other and _generation(offer.model) >= _generation(task.model):
            yield replace(own, order=fitted(own.order, offer), promoted_from=task)


def _generation(model: str) -> list[int]:
    """Return the numbers in a model's name, which compare as its generations do: `kling-2-6` is 2.6."""
    return [int(number) for number in re.findall(r"\d+", model)]


def fitted(order: Order, offer: Offer) -> Order:
    """Return the order for another offer, without settings that it does not know; words and frames stay."""
    chosen = {
        name: value
        for name, value in order.parameters.items()
        if name in offer.parameters or not (name in MAY_GO or value is False)
    }
    silent = {name: False for name, each in offer.parameters.items() if each.required and isinstance(each, YesNo)}
    return offers.with_defaults(replace(order, model=offer.model, mode=offer.mode, parameters=silent | chosen))
