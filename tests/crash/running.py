"""A site at work: its worker, and a provider whose answers can be held back at the worst moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.judge import rules
from tests.processes.site import Site
from tests.processes.worker import Worker


@dataclass
class RunningSite:
    site: Site
    provider: FaultyProvider
    worker: Worker

    def hold_orders(self, *prompts: str, **more: str) -> None:
        """Order, and wait until the provider has the orders and keeps its answers back."""
        self.provider.orders_open.clear()
        self.site.order(*prompts, **more)
        self.wait_for(lambda: len(self.provider.orders_held) == len(prompts), "orders in flight")

    def hold_files(self, *prompts: str, downloads: int = 1) -> None:
        """Order, and wait until all is accepted, and so many clips are downloaded by half."""
        self.provider.files_open.clear()
        self.site.order(*prompts)
        self.wait_for(lambda: len(self.worker.savers()) >= downloads, "downloads")
        self.wait_for(lambda: self.provider.accepted == len(prompts), "accepted orders")

    def release(self) -> None:
        self.provider.orders_open.set()
        self.provider.files_open.set()

    def senders(self) -> list[int]:
        """Those whose orders the provider holds."""
        return self.worker.has_port(self.provider.orders_held)

    def wait_for(self, condition: Callable[[], Any], what: str, *, seconds: float = 60) -> None:
        self.worker.wait_for(condition, what, seconds=seconds)

    def wait_until_stored(self, *, seconds: float = 60) -> None:
        self.wait_for(lambda: self.site.all_are("stored"), "clips", seconds=seconds)

    def broken(self, *, accepted: int | None = None) -> list[str]:
        """What the judge finds; with `accepted`, so many orders must have come once each and been accepted."""
        found = rules.broken(self.site.database_url, self.provider.journal.truth(), self.site.media)
        posts = len(self.provider.journal.posts)
        if accepted is not None and not posts == self.provider.accepted == accepted:
            found.append(f"{posts} POSTs and {self.provider.accepted} accepted orders, not {accepted}")
        return found

    def broken_when_stored(self, *, accepted: int, seconds: float = 60) -> list[str]:
        self.wait_until_stored(seconds=seconds)
        return self.broken(accepted=accepted)

    def orphans(self) -> list[str]:
        return rules.orphans(self.site.database_url, self.site.media)
