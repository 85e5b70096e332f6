"""What we and a provider say to each other, and what each offers.

One adapter a provider holds its paths, fields and words; errors are named for what to do next. No Django here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from generations.providers import apikley, apixo
from generations.providers.apikley import Apikley
from generations.providers.apixo import Apixo
from generations.providers.base import Provider
from generations.providers.config import ProviderConfig
from generations.translation import _

ADAPTERS: dict[str, Callable[[str, str], Provider]] = {"apixo": Apixo, "apikley": Apikley}
ADVICE: dict[str, Mapping[str, str]] = {"apixo": apixo.ADVICE, "apikley": apikley.ADVICE}


@cache
def get_provider(config: ProviderConfig) -> Provider:
    """Return a provider's adapter: the same one each time in a process, so that its connections are pooled.

    Raises: KeyError for a provider without an adapter.
    """
    return ADAPTERS[config.provider](config.base_url, config.api_key)


def advice(provider: str, code: str, message: str = "") -> str:
    """Return what a provider's pages say to do about a failure; empty when they say nothing.

    A refusal may name its failure code in its message only.
    """
    known = ADVICE.get(provider, {})
    named = max((name for name in known if not name.isdecimal() and name in message), key=len, default="")
    order = (named, code) if code.isdecimal() else (code, named)
    return next((_(known[name]) for name in order if name in known), "")
