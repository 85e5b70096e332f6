"""Tell from a URL's host who can reach it; names are not resolved."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

URL_MAX = 2000  # characters
# Of names that no public resolver knows: RFC 6761, RFC 6762, ICANN's .internal, and what home routers give out.
PRIVATE_SUFFIXES = ("local", "internal", "localhost", "lan", "home", "test", "invalid")


def is_web_address(url: str) -> bool:
    """Return whether it is a full http or https URL of at most URL_MAX characters, without spaces."""
    try:
        parts = urlsplit(url)
        is_full = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return is_full and len(url) <= URL_MAX and not any(each.isspace() for each in url)
    except ValueError:  # an unpaired bracket, or a port that is no number
        return False


def is_loopback(url: str) -> bool:
    """Return whether the host is this machine."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_private(url: str) -> bool:
    """Return whether the host is this machine or in a private network, which the internet does not reach."""
    host = _host(url)
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        name, __, last = host.rstrip(".").rpartition(".")
        return not name or last in PRIVATE_SUFFIXES or not last[:1].isalpha()  # 127.1 is an address to some resolvers


def is_public_https(url: str) -> bool:
    """Return whether it is an https URL that the internet reaches."""
    return urlsplit(url).scheme == "https" and not is_private(url)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
