"""Where a request comes from, and from whom, as the log and the count of sign-in tries name them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

NOWHERE = "0.0.0.0"  # noqa: S104 - no address to listen on
IPV6_NETWORK = 64  # bits: who has one IPv6 address has all of its network


def address_of(meta: Mapping[str, Any], *, proxies: int) -> str:
    """Return whose request it is: behind so many trusted proxies the address that the first of them saw.

    Each proxy adds the address that it saw at the end of X-Forwarded-For; what stands before those of the trusted
    ones is whatever the client wrote.
    """
    seen = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
    direct = _parsed(meta.get("REMOTE_ADDR", "")) or NOWHERE
    return (_parsed(seen[-proxies].strip()) or direct) if 0 < proxies <= len(seen) else direct


def sender_of(request: Any, *, proxies: int) -> str:
    """Return in words how a request came and from whom: `POST by ada (number 3)`, `GET from 203.0.113.7`.

    Only a person who was looked up already is named: what a line of the log tells of may be that the database is away.
    """
    person = getattr(request, "_cached_user", None)
    if person is not None and person.is_authenticated:
        return f"{request.method} by {person} (number {person.pk})"
    return f"{request.method} from {address_of(request.META, proxies=proxies)}"


def _parsed(text: str) -> str:
    """Return an address, of IPv6 its network; empty for what is none. Some proxies add a port."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), IPV6_NETWORK), strict=False).network_address)
