"""Who reaches whom: whether a provider can fetch a picture, and call back; and whether we have a key there."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings

from generations.models import DeliveryMode
from generations.providers import offers
from generations.providers.base import Order


def is_near(provider: str) -> bool:
    """Whether a provider runs on this machine or network, and so reaches what is there."""
    return _is_private(_base_url(provider))


def picture_problem(order: Order, field: str, *, extension: str) -> str:
    """Why the provider could not fetch a picture, or would not take it; empty when it can and does.

    `extension` is that of a picture that is kept here; empty where the order has an address, or none.
    """
    near = is_near(order.provider)
    if extension:
        offer = offers.find(order.provider, order.model, order.mode)
        if offer and extension not in offer.image_formats:
            return f"{order.provider} takes {offers.words(offer.image_formats)} here, not {extension}"
        if not settings.PUBLIC_URL:
            return (
                "the provider fetches the picture from this site, and PUBLIC_URL is not set; "
                "set it, or give a public URL of the picture"
            )
        if _is_private(settings.PUBLIC_URL) and not near:
            return f"the provider cannot reach {settings.PUBLIC_URL}; set a public PUBLIC_URL, or give a public URL"
        return ""
    url = getattr(order, field)
    if not url:
        return ""
    if not _is_web_address(url):
        return "not a full http(s) URL of at most 2000 characters"
    if _is_private(url) and not near:
        return "a private or local address, which the provider cannot reach"
    return ""


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and len(url) <= 2000
    except ValueError:  # a bracket without its pair, a port that is none
        return False


def default_delivery() -> DeliveryMode:
    """Callbacks where the internet reaches this site, polling elsewhere."""
    return DeliveryMode.CALLBACK if settings.PUBLIC_URL.startswith("https://") else DeliveryMode.POLLING


def delivery_problem(order: Order, delivery: str) -> str:
    """Why the result could not be delivered so; empty when it can."""
    if delivery not in DeliveryMode.values:
        return f"polling or callback, not {delivery or 'an empty one'}"
    if delivery == DeliveryMode.POLLING or settings.PUBLIC_URL.startswith("https://"):
        return ""
    if not settings.PUBLIC_URL:
        return "a callback comes to this site, and PUBLIC_URL is not set; set it, or choose polling"
    if not (_is_loopback(settings.PUBLIC_URL) and is_near(order.provider)):
        return f"a callback needs an https PUBLIC_URL, not {settings.PUBLIC_URL}; choose polling"
    return ""


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host


def _base_url(provider: str) -> str:
    url: str = getattr(settings, f"{provider.upper()}_BASE_URL", "")
    return url


def key_problem(provider: str) -> str:
    """Why nothing can be ordered there; empty when it can."""
    name = f"{provider.upper()}_API_KEY"
    has_key = bool(getattr(settings, name, ""))
    return "" if settings.PRACTICE or has_key else f"{name} is not set, so nothing can be ordered there"
