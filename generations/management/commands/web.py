"""`manage.py web`: serve the site's pages."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.servers.basehttp import get_internal_wsgi_application

from kling_site import private_files
from kling_site.server import make_server

THREADS = 16  # requests that are answered at once; a client that is slow to send or to read occupies none


class Command(BaseCommand):
    help = "Serve the site's pages. SIGTERM lets the requests end that are being answered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=THREADS)

    def handle(self, **options: Any) -> None:
        """Serve until a signal ends it. Raises: CommandError when the port cannot be had."""
        private_files.close()
        host, port = options["host"], options["port"]
        try:
            server = make_server(get_internal_wsgi_application(), host=host, port=port, threads=options["threads"])
        except OSError as error:
            raise CommandError(f"{host}:{port} cannot be listened on: {error}") from error
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        server.run()
