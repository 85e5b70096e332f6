"""Who can reach the host of a URL."""

from __future__ import annotations

import pytest

from generations.providers.addresses import is_loopback, is_private, is_public_https, is_web_address


@pytest.mark.parametrize(
    ("url", "loopback", "private"),
    [
        ("http://127.0.0.1:8900/api/v1", True, True),
        ("http://127.9.9.9", True, True),
        ("http://[::1]:8000", True, True),
        ("http://localhost", True, True),
        ("http://10.1.2.3/api", False, True),
        ("https://studio.local", False, True),
        ("https://studio.localhost", True, True),
        ("https://intranet.internal.", False, True),
        ("https://localhost.", False, True),
        ("https://[::ffff:10.0.0.5]", False, True),
        ("https://studio", False, True),
        ("http://127.1", False, True),
        ("https://api.apixo.ai/api/v1", False, False),
        ("https://8.8.8.8", False, False),
        ("HTTPS://Studio.Example.com", False, False),
        ("", False, True),
    ],
)
def test_a_host_is_this_machine_of_its_network_or_public(url: str, loopback: bool, private: bool) -> None:
    assert (is_loopback(url), is_private(url)) == (loopback, private)
    assert is_public_https(url) is (url.lower().startswith("https") and not private)


@pytest.mark.parametrize(
    "url", ["https://example.com/a b.png", "https://example.com/a\tb", "ftp://example.com/a", "a.png"]
)
def test_what_is_no_full_address_is_none(url: str) -> None:
    assert not is_web_address(url)
    assert is_web_address("https://example.com/a%20b.png")
