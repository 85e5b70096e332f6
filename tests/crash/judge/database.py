"""Rows as SQL gives them, at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.processes.site import Row, asking


@dataclass(frozen=True)
class Database:
    tasks: list[Row]
    entries: list[Row]
    videos: list[Row]
    periods: list[Row]  # of the site's budget
    events: list[Row]
    order_key: str = "prompt_text"  # the column by which the provider's journal knows an order

    @classmethod
    def read(cls, ask: Callable[[str], list[Row]], *, order_key: str = "prompt_text") -> Database:
        names = ("generationtask", "ledgerentry", "video", "budgetperiod", "taskevent")
        tasks, entries, videos, periods, events = (
            ask(f"SELECT * FROM generations_{name} ORDER BY id") for name in names
        )
        return cls(tasks, entries, videos, periods, events, order_key)

    @classmethod
    def at(cls, url: str) -> Database:
        with asking(url) as ask:
            return cls.read(ask)

    def of(self, order: Any) -> list[Row]:
        return [row for row in self.tasks if row[self.order_key] == order]

    def of_task(self, rows: list[Row]) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            found[row["task_id"]].append(row)
        return found


def usd(value: Any) -> Decimal | None:
    """An amount; SQLite gives numbers in binary."""
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.0001"))


def moment(value: Any) -> datetime | None:
    """A time as SQLite and PostgreSQL give it to raw SQL."""
    at: datetime | None = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
