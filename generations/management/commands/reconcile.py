"""`manage.py reconcile`: compare rows and files, repair what can be repaired, and report the rest."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser

from generations import clock
from generations.formats import megabytes
from generations.integrity.reconcile import LEASE_SECONDS, AuditResult, reconcile
from generations.management.commands._base import StudioCommand
from generations.models import Lease

WAIT_SECONDS = LEASE_SECONDS + 5  # the lease of a run that was killed has expired by then


class Command(StudioCommand):
    help = (
        "Compare rows and files: download damaged clips again until their URL expires, move orphan files to "
        "quarantine/, resume overdue tasks. Exit 1 when something remains for a person."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, **options: Any) -> None:
        done = reconcile(at=clock.now(), worker_lives=Lease.objects.is_worker_alive(), wait_seconds=WAIT_SECONDS)
        if done is None:
            done = AuditResult()
            done.leave("run", "another run is in progress: nothing was done")
        if options["json"]:
            self.stdout.write(json.dumps(done.as_json()))
        else:
            self._tell(done)
        if not done.is_well:
            sys.exit(1)

    def _tell(self, done: AuditResult) -> None:
        checked = done.checked
        self.stdout.write(
            f"{checked['videos']} clips ({megabytes(checked['bytes'])}) and {checked['images']} start images compared "
            f"with their rows, {checked['files']} files listed."
        )
        for what, ids in done.repaired.items():
            for pk in ids:
                self.stdout.write(f"{what.removesuffix('s')} {pk}: file restored.")
        for pk in done.cleared:
            self.stdout.write(f"video {pk}: complete again, no longer marked as damaged.")
        for pk in done.posters_blanked:
            self.stdout.write(f"video {pk}: its poster is missing and cannot be made.")
        for move in done.quarantined:
            self.stdout.write(f"{move['from']}: no row names it, moved to {move['to']}.")
        for count, words in (
            (len(done.parts_removed), "stale part files removed"),
            (done.leases_cleared, "leases of dead workers cleared"),
            (len(done.overdue) + len(done.hastened), "overdue tasks resumed"),
        ):
            if count:
                self.stdout.write(f"{count} {words}.")
        if not done.finished:
            self.stdout.write("The run did not finish: run it again.")
        if done.remains:
            self.stdout.write("Needs a person:")
        elif done.finished:
            self.stdout.write("All is well.")
        for item in done.remains:
            named = " ".join(str(word) for word in (item["what"], item["id"], item["path"]) if word is not None)
            self.stdout.write(f"  {named}: {item['why']}")
