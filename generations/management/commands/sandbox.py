"""`manage.py sandbox`: run the practice provider alone."""

from __future__ import annotations

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.sandbox import Sandbox


class Command(BaseCommand):
    help = "Run the practice provider: it serves the APIs of APIXO and Apikley and renders test clips. It is free."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8900)

    def handle(self, **options: Any) -> None:
        """Serve until SIGTERM or Ctrl-C. Raises: CommandError when the port is taken."""
        try:
            sandbox = Sandbox(port=options["port"], directory=settings.VAR / "sandbox", wait_scale=settings.WAIT_SCALE)
        except OSError as error:
            raise CommandError(f"port {options['port']}: {error.strerror}") from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sandbox.stop())
        self.stdout.write(f"The practice provider runs at {sandbox.url}")
        self.stdout.flush()
        sandbox.serve_forever()
