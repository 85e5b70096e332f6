"""The base class of the commands: refuse to run without a migrated database, report errors, print tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

Problems = dict[str, list[str]]


class StudioCommand(BaseCommand):
    """A command that needs the database. Raises: CommandError when migrations are missing."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Raises: CommandError while the database lacks a migration."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date: run `manage.py migrate` (or `up`).")
        return super().execute(*args, **options)

    def run_from_argv(self, argv: list[str]) -> None:
        """With --json, report an option that cannot be read as JSON too."""
        if "--json" in argv:
            try:
                self.create_parser(argv[0], argv[1]).parse_args(argv[2:])
            except CommandError as error:
                self.refuse({"options": [str(error).removeprefix("Error: ")]}, as_json=True)
        super().run_from_argv(argv)

    def refuse(self, problems: Problems, *, as_json: bool, done: str = "Nothing was changed.") -> NoReturn:
        """Exit with code 2 and list every problem: one a line on stderr, or one JSON object on stdout."""
        if as_json:
            self.stdout.write(json.dumps({"errors": problems}, ensure_ascii=False))
        else:
            for name, texts in problems.items():
                for text in texts:
                    self.stderr.write(f"{name}: {text}")
            self.stderr.write(done)
        sys.exit(2)

    def tabulate(self, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> None:
        """Print a table; the columns with these numbers are right-aligned."""
        lines = [heads, *rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
        for line in lines:
            cells = (
                cell.rjust(w) if n in numbers else cell.ljust(w)
                for n, (cell, w) in enumerate(zip(line, widths, strict=True))
            )
            self.stdout.write("  ".join(cells).rstrip())
