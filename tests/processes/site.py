"""A site of its own: its database, its files, and the environment of the commands that work on them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")

PLACE = """
import json, sys
from generations import clock
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.providers.base import Order
for line in json.loads(sys.stdin.read()):
    names = {name: line.pop(name) for name in ("provider", "model", "mode") if name in line}
    offer = {"provider": "apixo", "model": "kling-2-5-turbo-pro", "mode": "text-to-video"} | names
    delivery = line.pop("delivery", "polling")
    order = Order(**offer, parameters={"duration": 5} | line)
    ordering.place([OrderRequest(order, delivery=delivery)], at=clock.now())
"""


class Site:
    def __init__(self, folder: Path, *, database_url: str = "", **environment: str) -> None:
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{folder}/db.sqlite3"
        self.env = {name: os.environ[name] for name in OUTSIDE if name in os.environ} | {
            "DATABASE_URL": self.database_url,
            "MEDIA_ROOT": str(folder / "media"),
            "SANDBOX_URL": "http://127.0.0.1:9",  # nobody answers there
            "PRACTICE": "True",
            "WAIT_SCALE": "0.05",
            "SECRET_KEY": "only-for-this-test",
            "PYTHONDONTWRITEBYTECODE": "",
            **environment,
        }

    def manage(self, *arguments: str, stdin: str = "") -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, input=stdin, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def migrate(self) -> None:
        self.manage("migrate", "-v0")

    def order(self, *prompts: str, **more: Any) -> None:
        """One order for each prompt."""
        self.manage("shell", "-v0", "-c", PLACE, stdin=json.dumps([{"prompt": prompt, **more} for prompt in prompts]))

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database itself, without the program; `?` stands for a value."""
        return [tuple(row.values()) for row in select(self.database_url, query, *values)]

    @property
    def media(self) -> Path:
        return Path(self.env["MEDIA_ROOT"])

    def statuses(self) -> list[str]:
        return [row[0] for row in self.sql("SELECT status FROM generations_generationtask ORDER BY id")]

    def count(self, status: str) -> int:
        return self.statuses().count(status)

    def all_are(self, *statuses: str) -> bool:
        return set(self.statuses()) <= set(statuses)


def select(url: str, sql: str, *values: Any) -> list[Row]:
    """Run a statement on the database of a URL; `?` stands for a value."""
    with asking(url) as ask:
        return ask(sql, *values)


@contextmanager
def asking(url: str) -> Iterator[Callable[..., list[Row]]]:
    """A connection to the database of a URL, as a function that runs a statement."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            yield lambda sql, *values: [dict(row) for row in connection.execute(sql, values)]
    else:
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as postgres:
            yield lambda sql, *values: _rows(postgres.execute(sql.replace("?", "%s"), values))


def _rows(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description else []
