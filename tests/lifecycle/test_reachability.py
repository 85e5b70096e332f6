"""Who reaches whom; what an order may not do for it is in test_ordering.py and test_webhooks.py."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from generations.lifecycle import reachability
from tests.factories import configure


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8900/api/v1", True),
        ("http://localhost/api", True),
        ("http://10.1.2.3/api", True),
        ("https://api.apixo.ai/api/v1", False),
        ("", True),
    ],
)
def test_a_provider_on_this_network_is_near(settings: Settings, url: str, near: bool) -> None:
    configure(settings, "apixo", base_url=url)
    assert reachability.is_near("apixo") is near


def test_a_key_is_missed_for_real_money_only(settings: Settings) -> None:
    assert reachability.key_problem("apixo") == ""
    configure(settings, "apixo", api_key="")
    assert reachability.key_problem("apixo") == "APIXO_API_KEY is not set, so nothing can be ordered from APIXO"
    configure(settings, "apixo", api_key="key")
    assert reachability.key_problem("apixo") == ""


@pytest.mark.parametrize(
    ("practice", "base", "url", "can"),
    [
        (True, "http://127.0.0.1:8900", "http://127.0.0.1:8000/media/a.png", True),
        (True, "http://127.0.0.1:8900", "http://127.0.0.1:8900/a.png", True),
        (True, "http://127.0.0.1:8900", "http://127.0.0.1:5432/a.png", False),
        (True, "http://127.0.0.1:8900", "http://localhost:8000/media/a.png", False),
        (True, "http://127.0.0.1:8900", "http://169.254.169.254/latest/meta-data/", False),
        (True, "http://127.0.0.1:8900", "https://10.0.0.5/a.png", False),
        (True, "http://127.0.0.1:8900", "https://example.com/a.png", True),
        (False, "http://10.1.2.3/api", "http://10.1.2.3/a.png", True),
        (False, "http://10.1.2.3/api", "https://10.0.0.5/a.png", False),
        (False, "https://api.apixo.ai", "https://10.0.0.5/a.png", False),
        (False, "https://api.apixo.ai", "http://127.0.0.1:8000/a.png", False),
    ],
)
def test_who_can_fetch_a_picture(settings: Settings, practice: bool, base: str, url: str, can: bool) -> None:
    settings.PRACTICE = practice
    configure(settings, "apixo", base_url=base, api_key="key")
    assert reachability.can_fetch("apixo", url) is can
    assert (reachability.address_problem(url, "apixo") == "") is can
