"""Migrations, there and back, in a database of their own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def migrate(folder: Path, *target: str) -> set[str]:
    """Migrate a database of its own; the triggers that it has then."""
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "SECRET_KEY": "of a test"}
    command = [sys.executable, "manage.py", "migrate", "-v0", *target]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(folder / "db.sqlite3") as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}


def test_the_ledger_keeps_its_triggers_on_the_way_back_and_forth(tmp_path: Path) -> None:
    """SQLite rebuilds a table that loses a column, and forgets its triggers."""
    kept = {"ledger_is_append_only_UPDATE", "ledger_is_append_only_DELETE"}
    assert migrate(tmp_path) == kept
    assert migrate(tmp_path, "generations", "0006") == kept
    assert migrate(tmp_path) == kept
