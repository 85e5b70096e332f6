"""`manage.py worker`: run the conductor and the django-q2 cluster, supervised."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from generations.management.commands._base import StudioCommand
from generations.worker.jobs import load_schedules
from generations.worker.supervisor import PATIENCE_SECONDS, Supervisor
from kling_site import private_files


class Command(StudioCommand):
    help = "Run the worker. SIGTERM or Ctrl-C stops it: running jobs end, no new job starts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--patience",
            type=float,
            default=PATIENCE_SECONDS,
            metavar="SECONDS",
            help="how long the cluster may be inactive before it is restarted (default: %(default)s)",
        )

    def handle(self, **options: Any) -> None:
        private_files.close()
        load_schedules()
        Supervisor(patience_seconds=options["patience"]).run()
