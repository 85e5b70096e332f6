"""Pictures at addresses, looked at for one receipt: each once, and all of them within a time that a person waits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from generations.lifecycle import reachability
from generations.lifecycle.ordering import IMAGE_FIELDS, Problems
from generations.media import remote_images
from generations.providers import offers
from generations.providers.base import Order
from generations.receipts.history import Notice

ALL_SECONDS = 20.0  # for all pictures of a receipt; one alone is given up after pictures.LOOK_SECONDS


@dataclass
class ImageChecks:
    """What was found so far: (address, kinds) -> the problem, and why it could not be seen."""

    ends: float = field(default_factory=lambda: time.monotonic() + ALL_SECONDS)
    seen: dict[tuple[str, tuple[str, ...], bool], tuple[str, str]] = field(default_factory=dict)

    def at(self, order: Order, problems: Problems) -> list[Notice]:
        """Look at an order's pictures: a wrong one is a problem of its field, one that is not seen a remark."""
        offer = offers.find(order.provider, order.model, order.mode)
        remarks = []
        for name in IMAGE_FIELDS:
            url = getattr(order, name)
            if not url or name in problems or offer is None:
                continue
            wrong, unseen = self._once(url, offer.image_formats, near=reachability.is_near(order.provider))
            if wrong:
                problems[name] = [f"at {url}: {wrong}"]
            if unseen:
                words = name.replace("_", " ")
                text = f"The {words} could not be looked at: {unseen}. {order.provider} may see it."
                remarks.append(Notice(f"unseen {name}", text))
        return remarks

    def _once(self, url: str, kinds: tuple[str, ...], *, near: bool) -> tuple[str, str]:
        key = (url, kinds, near)
        if key not in self.seen:
            self.seen[key] = self._look(url, kinds, near=near)
        return self.seen[key]

    def _look(self, url: str, kinds: tuple[str, ...], *, near: bool) -> tuple[str, str]:
        if time.monotonic() > self.ends:
            return "", f"the others took more than {ALL_SECONDS:g} s"
        try:
            remote_images.probe(url, kinds=kinds, private=near)
        except remote_images.WrongPicture as error:
            return str(error), ""
        except remote_images.NotSeen as error:
            return "", str(error)
        return "", ""
