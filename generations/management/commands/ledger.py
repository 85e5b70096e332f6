"""`manage.py ledger`: list the ledger's entries, oldest first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from generations.formats import usd
from generations.management.commands._base import StudioCommand
from generations.models import LedgerEntry

WIDTHS = (8, 16, 8, 8, 12, 12)


class Command(StudioCommand):
    help = "List the ledger, oldest entry first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--task", type=int, metavar="ID", help="only this task")
        parser.add_argument("--json", action="store_true", help="one JSON array")

    def handle(self, **options: Any) -> None:
        entries = LedgerEntry.objects.select_related("by", "task").order_by("id")
        if options["task"] is not None:
            entries = entries.filter(task=options["task"])
        rows = entries.iterator(chunk_size=2000)  # there may be millions, so each is written as it is read
        if options["json"]:
            self._write_json(rows)
            return
        self._line("Entry", "When", "Task", "What", "USD", "By", "Note")
        for entry in rows:
            known = entry.amount_usd is not None
            amount = usd(entry.amount_usd, is_minimum=entry.is_minimum) if known else "unknown"
            note = f"{entry.note} (practice)" if entry.practice else entry.note
            when = f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M}"
            by = entry.by.get_username() if entry.by else "–"
            self._line(str(entry.pk), when, str(entry.task_id), entry.kind, amount, by, note)

    def _line(self, *cells: str) -> None:
        padded = [cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=False)]
        self.stdout.write("  ".join([*padded, cells[-1]]).rstrip())

    def _write_json(self, entries: Iterable[LedgerEntry]) -> None:
        self.stdout.write("[", ending="")
        for n, entry in enumerate(entries):
            self.stdout.write(f"{',' if n else ''}\n  {json.dumps(entry.as_json(), ensure_ascii=False)}", ending="")
        self.stdout.write("\n]")
