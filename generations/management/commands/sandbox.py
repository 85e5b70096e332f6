"""`manage.py sandbox`: the practice provider, alone."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.sandbox import Sandbox


class Command(BaseCommand):
    help = "Run the practice provider: it speaks APIXO's and Apikley's APIs and makes test clips. No money, no network."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8900)

    def handle(self, **options: Any) -> None:
        try:
            sandbox = Sandbox(port=options["port"], directory=settings.VAR / "sandbox", wait_scale=settings.WAIT_SCALE)
        except OSError as error:
            raise CommandError(f"port {options['port']}: {error.strerror}") from error
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, _interrupt)
        self.stdout.write(f"The practice provider answers at {sandbox.url}")
        self.stdout.flush()
        try:
            sandbox.serve_forever()
        except KeyboardInterrupt:
            sandbox.stop()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
