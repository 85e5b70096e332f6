"""`manage.py tasks`: list tasks and their status."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.core.management.base import CommandParser

from generations.lifecycle.capacity import why_paused
from generations.management.commands._base import StudioCommand
from generations.management.commands.generate import describe
from generations.models import GenerationTask, Status


class Command(StudioCommand):
    help = "List tasks, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--status", nargs="+", choices=Status.values, metavar="S", help=f"one of: {', '.join(Status.values)}"
        )
        parser.add_argument("--id", nargs="+", type=int, metavar="ID", help="only these tasks")
        parser.add_argument("--json", action="store_true", help="write one JSON array")

    def handle(self, **options: Any) -> None:
        tasks = GenerationTask.objects.with_charged().prefetch_related("videos").order_by("-pk")
        if options["status"]:
            tasks = tasks.filter(status__in=options["status"])
        if options["id"]:
            tasks = tasks.filter(pk__in=options["id"])
        if options["json"]:
            self.stdout.write(json.dumps([task.as_json() for task in tasks], indent=2, ensure_ascii=False))
            return
        paused = cache(why_paused)
        for task in tasks.iterator(chunk_size=500):
            self.stdout.write(describe(task, paused=paused(task.provider, task.model)))
