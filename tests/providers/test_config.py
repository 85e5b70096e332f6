"""What is known of an account is one value, which keeps its key to itself."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings


def test_a_key_is_not_shown() -> None:
    config = replace(settings.PROVIDERS["apixo"], api_key="sk-live-0123456789")
    assert "sk-live" not in f"{config} {config!r}"


def test_a_practice_site_has_a_key_and_talks_to_this_machine_only() -> None:
    assert {config.api_key for config in settings.PROVIDERS.values()} == {"practice"}
    assert all(config.base_url.startswith("http://127.0.0.1:") for config in settings.PROVIDERS.values())
