"""Who can reach the host of a URL."""

from __future__ import annotations

import pytest

from generations.providers.addresses import (
    is_loopback,
    is_private,
    is_public_https,
    is_web_address,
    origin_of,
    site_url,
    site_url_problem,
)


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


@pytest.mark.parametrize(
    ("given", "kept", "origin"),
    [
        ("https://studio.example.com/", "https://studio.example.com", "https://studio.example.com"),
        (" HTTPS://Studio.Example.COM:443 ", "https://studio.example.com", "https://studio.example.com"),
        ("http://studio.example.com:80//kling/", "http://studio.example.com/kling", "http://studio.example.com"),
        ("http://studio.example.com:8080/Kling", "http://studio.example.com:8080/Kling", "http://studio.example.com:8080"),
        ("http://[::1]:8000/", "http://[::1]:8000", "http://[::1]:8000"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_address_of_a_site_has_one_spelling(given: str, kept: str, origin: str) -> None:
    assert (site_url(given), origin_of(kept), site_url_problem(kept)) == (kept, origin, "")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("studio.example.com", "no full http or https address"),
        ("ftp://studio.example.com", "no full http or https address"),
        ("https://studio.example.com:99999", "no full http or https address"),
        ("https://studio.example.com?a=1", "a query or a fragment"),
        ("https://studio.example.com/#top", "a query or a fragment"),
        ("https://me:secret@studio.example.com", "a name or a password"),
    ],
)
def test_what_cannot_be_the_address_of_a_site_stays_as_it_is_and_is_told(url: str, words: str) -> None:
    assert site_url(url) == url
    assert words in site_url_problem(url)
