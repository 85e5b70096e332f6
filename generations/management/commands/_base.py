"""What the commands share: they say so when the database is not set up, where Django would show a traceback."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class StudioCommand(BaseCommand):
    """A command that reads and writes rows."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not set up, or not up to date: run `manage.py migrate` (or `up`).")
        return super().execute(*args, **options)
