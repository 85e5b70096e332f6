"""Validate the fields of an order, one function a sort of field, for both providers."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from .wire import Json

PRIVATE_SUFFIXES = ("local", "internal", "localhost", "lan", "home", "test", "invalid")
MISSING, TYPE, VALUE, LENGTH, UNREACHABLE = "missing", "type", "value", "length", "image unreachable"


class Refused(Exception):
    """Raised when an order breaks a documented rule: `kind` is the sort of rule, `detail` a sentence for people."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def _required(source: Mapping[str, Json], name: str, path: str = "") -> Json:
    if (value := source.get(name)) is None:
        raise Refused(MISSING, f"Missing required field: {path}{name}")
    return value


def mapping(source: Mapping[str, Json], name: str) -> dict[str, Json]:
    """Return a required object. Raises: Refused."""
    value = _required(source, name)
    if not isinstance(value, dict):
        raise Refused(TYPE, f"{name} must be an object")
    return value


def text(source: Mapping[str, Json], name: str, *, most: int, required: bool = True) -> str:
    """Return a text of at most `most` characters that is not blank when it is required. Raises: Refused."""
    if source.get(name) is None and not required:
        return ""
    value = _required(source, name, "input.")
    if not isinstance(value, str):
        raise Refused(TYPE, f"input.{name} must be a string")
    if required and not value.strip():
        raise Refused(MISSING, f"input.{name} must not be empty")
    if len(value) > most:
        raise Refused(LENGTH, f"input.{name} must be at most {most} characters")
    return value


def choice(source: Mapping[str, Json], name: str, allowed: Sequence[str], *, default: str | None = None) -> str:
    """Return one of the allowed words; without a default the field is required. Raises: Refused."""
    if source.get(name) is None and default is not None:
        return default
    value = _required(source, name)
    if not isinstance(value, str):
        raise Refused(TYPE, f"{name} must be a string")
    if value not in allowed:
        raise Refused(VALUE, f"{name} must be one of: {', '.join(allowed)}")
    return value


def flag(source: Mapping[str, Json], name: str, *, default: bool | None = None) -> bool:
    """Return a boolean; without a default the field is required. Raises: Refused."""
    if source.get(name) is None and default is not None:
        return default
    value = _required(source, name, "input.")
    if not isinstance(value, bool):
        raise Refused(TYPE, f"input.{name} must be a boolean")
    return value


def duration(source: Mapping[str, Json], *, numbers: bool, strings: bool, allowed: Sequence[int] = (5, 10)) -> int:
    """Return the seconds, from a JSON number, a string of digits or both, as the model's page says. Raises: Refused."""
    value = _required(source, "duration", "input.")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not (is_number and numbers or isinstance(value, str) and strings):
        wanted = "an integer" if numbers else "a string"
        raise Refused(TYPE, f"input.duration must be {wanted}")
    if str(value) not in map(str, allowed):
        raise Refused(VALUE, f"input.duration must be one of: {', '.join(map(str, allowed))}")
    return int(value)


def number(
    source: Mapping[str, Json],
    name: str,
    *,
    least: str = "0",
    most: str = "1",
    step: str = "0.1",
    strings: bool = False,
) -> None:
    """Check a number that may be left out: from `least` to `most` in steps. Raises: Refused."""
    value = source.get(name)
    if value is None:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number or isinstance(value, str) and strings):
        raise Refused(TYPE, f"input.{name} must be a number")
    try:
        given = round(Decimal(str(value)), 9)  # 0.1 + 0.2 is a tenth too, whatever binary makes of it
    except InvalidOperation:
        raise Refused(TYPE, f"input.{name} must be a number") from None
    fits = given.is_finite() and Decimal(least) <= given <= Decimal(most)
    if not fits or (given - Decimal(least)) % Decimal(step):
        raise Refused(VALUE, f"input.{name} must be from {least} to {most} in steps of {step}")


def image_urls(
    source: Mapping[str, Json], *, least: int, most: int, name: str = "image_urls", public: bool = False
) -> tuple[str, ...]:
    """Return the addresses of the images or videos, in order; most=0: none may be sent. Raises: Refused.

    `public` refuses those of private networks, but for this machine.
    """
    value = source.get(name)
    if value is None:
        value = []
    if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
        raise Refused(TYPE, f"input.{name} must be an array of strings")
    if value and not most:
        raise Refused(VALUE, f"input.{name} is not allowed for this mode")
    if len(value) < least:
        raise Refused(MISSING, f"Missing required field: input.{name}")
    if len(value) > most:
        raise Refused(LENGTH, f"input.{name} must hold at most {most} URL(s)")
    for url in value:
        host = _web_address(url, f"input.{name}")
        if public and _is_private(host) and not is_loopback(host):
            raise Refused(UNREACHABLE, f"input.{name} must be public, not a private or local address: {url}")
    return tuple(value)


def callback(source: Mapping[str, Json], name: str, *, public: bool) -> str:
    """Return the address for the callback: on this machine, or one that the internet reaches; `public` wants https.

    Raises: Refused.
    """
    value = source.get(name)
    if not isinstance(value, str):
        raise Refused(TYPE, f"{name} must be a string")
    host = _web_address(value, name)
    if not is_loopback(host) and (_is_private(host) or public and not value.lower().startswith("https:")):
        raise Refused(VALUE, f"{name} must be a public {'HTTPS ' if public else ''}URL")
    return value


def _web_address(url: str, name: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Refused(VALUE, f"{name} must be an HTTP(S) URL") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", url):
        raise Refused(VALUE, f"{name} must be an HTTP(S) URL")
    return host


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    """Return whether a host is an address of a private network, or a name that only such a network knows."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        return last in ("", host) or last in PRIVATE_SUFFIXES or not last[0].isalpha()
