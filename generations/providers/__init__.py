"""The providers by name: the one place of this layer that reads settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.conf import settings

from generations.providers.apikley import Apikley
from generations.providers.apixo import Apixo
from generations.providers.base import Provider

PRACTICE_KEY = "practice"  # what a practice site sends where no key is set

ADAPTERS: dict[str, Callable[[str, str], Provider]] = {"apixo": Apixo, "apikley": Apikley}


@cache
def get_provider(name: str) -> Provider:
    """The adapter with its key and address; one a process, so that its connections are pooled."""
    make, prefix = ADAPTERS[name], name.upper()
    key = getattr(settings, f"{prefix}_API_KEY") or PRACTICE_KEY
    return make(getattr(settings, f"{prefix}_BASE_URL"), key)
