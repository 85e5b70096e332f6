"""What this site knows of its account at a provider; made in the settings, and handed to whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """Where a provider is, the key to it, and how much it lets us do at once."""

    provider: str  # its id: the key of ADAPTERS
    api_key: str = field(repr=False)  # empty: nothing can be ordered there
    base_url: str
    requests_per_minute: int
    concurrent_tasks: int
    result_origins: tuple[str, ...]  # where its result files are, as far as is known
