"""`manage.py cleanup`: run the daily clean-up of expired URLs now."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from generations import clock
from generations.integrity.cleanup import clean_up
from generations.management.commands._base import StudioCommand


class Command(StudioCommand):
    help = "Blank expired source URLs of complete clips; remove stale part files, unused pictures and old callbacks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list what would be done, change nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        done = clean_up(at=clock.now(), dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(done.as_json()))
            return
        verb = "would be blanked" if done.dry_run else "blanked"
        self.stdout.write(f"{len(done.blanked)} expired URLs {verb}.")
        if done.parts_removed:
            self.stdout.write(f"{len(done.parts_removed)} stale part files {verb.replace('blanked', 'removed')}.")
        if done.images_removed:
            removed = verb.replace("blanked", "removed")
            self.stdout.write(f"{len(done.images_removed)} pictures that no order used {removed}.")
        if done.happenings_removed:
            removed = "would be removed" if done.dry_run else "removed"
            self.stdout.write(f"{done.happenings_removed} notices older than 90 days {removed}.")
        if done.callbacks_removed:
            self.stdout.write(f"{done.callbacks_removed} old callbacks {verb.replace('blanked', 'removed')}.")
        for what, ids in (("video", done.kept_unsafe), ("task", done.kept_unstored)):
            for pk in ids:
                why = "its file is not complete, or not decoded yet" if what == "video" else "its clip is not stored"
                self.stdout.write(f"{what} {pk}: URL not blanked, {why}.")
