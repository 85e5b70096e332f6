"""What we and a provider say to each other, and what each offers.

One adapter a provider holds its paths, fields and words; errors are named for what to do next. No Django here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from generations.providers.apikley import Apikley
from generations.providers.apixo import Apixo
from generations.providers.base import Provider
from generations.providers.config import ProviderConfig

ADAPTERS: dict[str, Callable[[str, str], Provider]] = {"apixo": Apixo, "apikley": Apikley}


@cache
def get_provider(config: ProviderConfig) -> Provider:
    """Return a provider's adapter: the same one each time in a process, so that its connections are pooled.

    Raises: KeyError for a provider without an adapter.
    """
    return ADAPTERS[config.provider](config.base_url, config.api_key)
