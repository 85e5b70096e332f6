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


def site_url(text: str) -> str:
    """Return the address of a site in one spelling: no slash at the end, no default port, host in lower case.

    What is none, such as an address with a query, a fragment or a name and password, is returned as it is.
    """
    text = text.strip()
    if site_url_problem(text):
        return text
    parts = urlsplit(text)
    path = "/".join(part for part in parts.path.split("/") if part)
    return f"{origin_of(text)}/{path}".rstrip("/")


def site_url_problem(url: str) -> str:
    """Say why an address cannot be that of a site; empty when it can, or when there is none."""
    if not url:
        return ""
    if not is_web_address(url):
        return "it is no full http or https address"
    if "?" in url or "#" in url:
        return "it has a query or a fragment"
    return "it has a name or a password" if "@" in urlsplit(url).netloc else ""


def origin_of(url: str) -> str:
    """Return scheme, host and port of a web address, in lower case and without a default port; "" for anything else."""
    if not is_web_address(url):
        return ""
    parts = urlsplit(url)
    host, default = parts.hostname or "", {"http": 80, "https": 443}[parts.scheme]
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{parts.port}" if parts.port not in (None, default) else "")


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
