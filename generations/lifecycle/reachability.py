"""Tell who can reach whom: whether a provider can fetch an image and call back, and whether we have its key."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from generations.models import DeliveryMode
from generations.providers import offers
from generations.providers.addresses import URL_MAX, is_loopback, is_private, is_public_https, is_web_address, origin_of
from generations.providers.base import Order
from generations.providers.offers import provider_name
from generations.providers.words import alternatives


def is_near(provider: str) -> bool:
    """Return whether a provider runs on this machine or network, and so reaches private addresses."""
    return is_private(_base_url(provider))


def can_fetch(provider: str, url: str) -> bool:
    """Return whether a provider can fetch what is at an address: public, or one of `near_origins`."""
    return not is_private(url) or origin_of(url) in near_origins(provider)


def near_origins(provider: str) -> frozenset[str]:
    """Return the origins that may be private: of a provider on this machine or network its own, and this site's.

    Whatever else answers on the network concerns nobody who orders a clip.
    """
    if not is_near(provider):
        return frozenset()
    sandbox = settings.SANDBOX_URL if settings.PRACTICE else ""
    return frozenset(map(origin_of, (settings.PUBLIC_URL, _base_url(provider), sandbox))) - {""}


def picture_problem(order: Order, field: str, *, extension: str) -> str:
    """Return why the provider cannot fetch or accept an image; empty when it can.

    `extension` is that of an image stored here; empty when the order has a URL or no image.
    """
    if extension:
        offer = offers.find(order.provider, order.model, order.mode)
        if offer and extension not in offer.image_formats:
            words = _("{provider} takes {formats} here, not {format}")
            formats = alternatives(offer.image_formats)
            return words.format(provider=provider_name(order.provider), formats=formats, format=extension)
        if not settings.PUBLIC_URL:
            return _(
                "the provider fetches the picture from this site, and PUBLIC_URL is not set; "
                "set it, or give a public URL of the picture"
            )
        if not can_fetch(order.provider, settings.PUBLIC_URL):
            words = _("the provider cannot reach {url}; set a public PUBLIC_URL, or give a public URL")
            return words.format(url=settings.PUBLIC_URL)
        return ""
    return address_problem(getattr(order, field), order.provider)


def address_problem(url: str, provider: str) -> str:
    """Say why a provider could not fetch a file at an address; empty when it can, or when there is none."""
    if not url:
        return ""
    if not is_web_address(url):
        return _("not a full http(s) URL of at most {most} characters").format(most=URL_MAX)
    if not can_fetch(provider, url):
        return _("a private or local address, which the provider cannot reach")
    return ""


def default_delivery() -> DeliveryMode:
    """Return callbacks when PUBLIC_URL is https and public, else polling."""
    return DeliveryMode.CALLBACK if is_public_https(settings.PUBLIC_URL) else DeliveryMode.POLLING


def delivery_problem(order: Order, delivery: str) -> str:
    """Return why the result cannot be delivered this way; empty when it can."""
    if delivery not in DeliveryMode.values:
        return _("polling or callback, not {delivery}").format(delivery=delivery or _("an empty one"))
    url = settings.PUBLIC_URL
    if delivery == DeliveryMode.POLLING or is_public_https(url):
        return ""
    if not url:
        return _("a callback comes to this site, and PUBLIC_URL is not set; set it, or choose polling")
    if is_loopback(url) and (settings.PRACTICE or is_loopback(_base_url(order.provider))):
        return ""
    return _("a callback needs a public https PUBLIC_URL, not {url}; choose polling").format(url=url)


def key_problem(provider: str) -> str:
    """Return why nothing can be ordered from a provider; empty when something can."""
    if settings.PROVIDERS[provider].api_key:
        return ""
    words = _("{setting} is not set, so nothing can be ordered from {provider}")
    return words.format(setting=f"{provider.upper()}_API_KEY", provider=provider_name(provider))


def _base_url(provider: str) -> str:
    config = settings.PROVIDERS.get(provider)
    return config.base_url if config else ""
