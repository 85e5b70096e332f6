"""A provider's settings for this site; the settings module makes them, and callers pass them on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """Where a provider is, its key, and how many requests and tasks it allows at once."""

    provider: str  # its id: the key of ADAPTERS
    api_key: str = field(repr=False)  # empty: nothing can be ordered there
    base_url: str
    requests_per_minute: int
    concurrent_tasks: int
    result_origins: tuple[str, ...]  # where its result files are, as far as known
