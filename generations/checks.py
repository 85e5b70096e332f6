"""System checks: report contradictory settings when the site starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from generations.library.download_names import BadTemplate, fields_of
from generations.media.origins import Origins
from generations.providers.addresses import is_loopback, site_url_problem

PRACTICE_KEY = "practice"  # what the practice provider is sent
VERIFY_SECONDS = 60  # what clips.verify may take after a download


@register
def limits_nest(**kwargs: Any) -> list[CheckMessage]:
    """Check that each limit ends before the next: HTTP, job deadline, django-q2's timeout, its redelivery."""
    queue: dict[str, Any] = settings.Q_CLUSTER
    found: list[CheckMessage] = []
    if queue["timeout"] < settings.DOWNLOAD_DEADLINE_SECONDS + VERIFY_SECONDS:
        found.append(
            Error(
                f"DOWNLOAD_DEADLINE_SECONDS is {settings.DOWNLOAD_DEADLINE_SECONDS}; with {VERIFY_SECONDS} s to verify,"
                f" a download could outlast its job ({queue['timeout']} s).",
                hint=f"Set it to {queue['timeout'] - VERIFY_SECONDS} or less.",
                id="generations.E001",
            )
        )
    if queue["workers"] < 1:
        return [*found, Error("WORKERS is 0: no worker would save clips.", hint="One at least.", id="generations.E003")]
    rounds = 1 + -(-(queue["queue_limit"] + 1) // queue["workers"])
    if queue["retry"] <= queue["timeout"] * rounds:
        found.append(
            Error(
                f"Q_CLUSTER retry is {queue['retry']} s: a job that still waits or runs could be given out twice.",
                hint=f"More than timeout x {rounds} = {queue['timeout'] * rounds} s.",
                id="generations.E002",
            )
        )
    return found


@register
def orders_are_sent(**kwargs: Any) -> list[CheckMessage]:
    """Check ORDERS_IN_THE_AIR: with none in the air no order would ever be sent."""
    if settings.ORDERS_IN_THE_AIR < 1:
        return [Error("ORDERS_IN_THE_AIR must be 1 or more.", id="generations.E006")]
    return []


@register
def origins_are_readable(**kwargs: Any) -> list[CheckMessage]:
    """Check that RESULT_ORIGINS can be parsed; otherwise no clip could be fetched."""
    try:
        Origins.parse(settings.RESULT_ORIGINS)
    except ValueError as error:
        return [Error(f"RESULT_ORIGINS: {error}", id="generations.E004")]
    return []


@register
def downloads_have_names(**kwargs: Any) -> list[CheckMessage]:
    """Check DOWNLOAD_NAME: an unknown field would fail every download."""
    try:
        fields_of(settings.DOWNLOAD_NAME)
    except BadTemplate as error:
        return [Error(f"DOWNLOAD_NAME: {error}", id="generations.E007")]
    return []


@register
def proxies_are_counted(**kwargs: Any) -> list[CheckMessage]:
    """Check TRUSTED_PROXIES: behind a proxy that it does not count, all people share one address."""
    if settings.TRUSTED_PROXIES < 0:
        return [Error("TRUSTED_PROXIES must be 0 or more.", id="generations.E008")]
    if settings.BEHIND_TLS and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "PUBLIC_URL is https, so a proxy stands in front of the site, and TRUSTED_PROXIES is 0: "
                "wrong passwords of one person count for everybody's address.",
                hint="Set TRUSTED_PROXIES to the number of proxies that add to X-Forwarded-For.",
                id="generations.W002",
            )
        ]
    return []


@register
def nothing_is_shown_to_all(**kwargs: Any) -> list[CheckMessage]:
    """Check DEBUG: its pages show tracebacks, settings and queries to whoever causes an error."""
    if not (settings.DEBUG or settings.DEBUG_ASKED):
        return []
    return [
        Error(
            f"DEBUG is on, and there is a real key of {provider}: error pages would show the site's inside to anybody.",
            hint="Set DEBUG=False, in .env or where you set it; or take the key away, to practice.",
            id="generations.E009",
        )
        for provider in with_real_key()
    ]


@register
def keys_travel_encrypted(**kwargs: Any) -> list[CheckMessage]:
    """Check that no real key leaves this machine by plain http, where everybody on the way could read and use it."""
    return [
        Error(
            f"The key of {config.provider} would be sent unencrypted to {config.base_url}.",
            hint=f"Begin {config.provider.upper()}_BASE_URL with https://.",
            id="generations.E011",
        )
        for config in settings.PROVIDERS.values()
        if config.provider in with_real_key()
        and config.base_url.startswith("http:")
        and not is_loopback(config.base_url)
    ]


def with_real_key() -> list[str]:
    """Return the providers of which a key is set, also where it is not used to practice."""
    return [config.provider for config in settings.PROVIDERS.values() if config.api_key not in ("", PRACTICE_KEY)]


@register
def site_has_an_address(**kwargs: Any) -> list[CheckMessage]:
    """Check PUBLIC_URL: addresses of callbacks and pictures are made by adding to it."""
    if not (problem := site_url_problem(settings.PUBLIC_URL)):
        return []
    hint = "Scheme and host, and a port or path where they belong to it: https://studio.example.com"
    return [Error(f"PUBLIC_URL: {problem}.", hint=hint, id="generations.E010")]


@register
def scale_is_sane(**kwargs: Any) -> list[CheckMessage]:
    """Check WAIT_SCALE: shortened waits are for practice; a real provider answers 429 to them."""
    if settings.WAIT_SCALE <= 0:
        return [Error("WAIT_SCALE must be more than 0.", id="generations.E005")]
    is_real = any(config.api_key and not is_loopback(config.base_url) for config in settings.PROVIDERS.values())
    if settings.WAIT_SCALE < 1 and not settings.PRACTICE and is_real:
        return [
            Warning(
                f"WAIT_SCALE is {settings.WAIT_SCALE}: a real provider is asked sooner than it documents.",
                id="generations.W001",
            )
        ]
    return []
