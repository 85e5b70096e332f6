"""`manage.py check_invariants`: check the promises, as far as the database and the files can show them."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser

from generations import clock
from generations.integrity.invariants import check_all
from generations.management.commands._base import StudioCommand
from generations.models import Lease


class Command(StudioCommand):
    help = (
        "Check the promises P1 to P13 against the database and the files. Changes nothing; exit 1 when one is broken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--quick", action="store_true", help="trust the bytes of files that have the right size")

    def handle(self, **options: Any) -> None:
        result = check_all(at=clock.now(), worker_lives=Lease.objects.is_worker_alive(), deep=not options["quick"])
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json()))
        else:
            for promise, words in result.checked.items():
                self.stdout.write(f"{promise}: {words}")
            for broken in result.broken:
                self.stdout.write(f"BROKEN {broken}")
            self.stdout.write(f"{len(result.broken)} broken." if result.broken else "All promises hold.")
        if result.broken:
            sys.exit(1)
