"""Check the images at URLs for one receipt: each once, all within the time that a person waits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from generations.lifecycle import reachability
from generations.lifecycle.ordering import Problems
from generations.media import remote_images
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Order
from generations.providers.words import spoken
from generations.receipts.history import Notice

ALL_SECONDS = 20.0  # for all images of a receipt; remote_images limits each


@dataclass
class ImageChecks:
    """Results so far: (URL, formats, near) -> what is wrong, and why the image could not be read."""

    ends: float = field(default_factory=lambda: time.monotonic() + ALL_SECONDS)
    results: dict[tuple[str, tuple[str, ...], frozenset[str]], tuple[str, str]] = field(default_factory=dict)

    def run(self, order: Order, problems: Problems) -> list[Notice]:
        """Check an order's images: add what is wrong to `problems`, return a notice for each that cannot be read."""
        offer = offers.find(order.provider, order.model, order.mode)
        notices = []
        for name in IMAGE_FIELDS:
            url = getattr(order, name)
            if not url or name in problems or offer is None:
                continue
            wrong, unread = self._once(url, offer.image_formats, near=reachability.near_origins(order.provider))
            if wrong:
                problems[name] = [_("at {url}: {problem}").format(url=url, problem=wrong)]
            if unread:
                words = _("The {picture} could not be checked: {why}. {provider} may still be able to read it.")
                provider = offers.provider_name(order.provider)
                text = words.format(picture=spoken(name), why=unread, provider=provider)
                notices.append(Notice(f"unread {name}", text))
        return notices

    def _once(self, url: str, kinds: tuple[str, ...], *, near: frozenset[str]) -> tuple[str, str]:
        key = (url, kinds, near)
        if key not in self.results:
            self.results[key] = self._probe(url, kinds, near=near)
        return self.results[key]

    def _probe(self, url: str, kinds: tuple[str, ...], *, near: frozenset[str]) -> tuple[str, str]:
        if time.monotonic() > self.ends:
            return "", _("the other images took more than {seconds} s").format(seconds=f"{ALL_SECONDS:g}")
        try:
            remote_images.probe(url, kinds=kinds, near=near)
        except remote_images.WrongPicture as error:
            return str(error), ""
        except remote_images.NotSeen as error:
            return "", str(error)
        return "", ""
