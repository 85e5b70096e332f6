"""`manage.py up`: set up a first run, then run web, worker and practice provider together."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import shlex
import signal
import socket
import sys
import threading
import time
from contextlib import closing
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import honcho.manager
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations import clock
from generations.checks import with_real_key
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import GenerationTask
from generations.providers.base import Order, Value
from generations.worker.jobs import load_schedules
from kling_site import private_files

HOST = "127.0.0.1"
RESTART_SECONDS = 1  # before a worker that ended by itself is started again
STOP_SECONDS = 60  # for running jobs to end before everything is killed

# The first orders of a new practice site; the README's first picture shows them.
WELCOME = (
    ("16:9", True, "A lighthouse at dawn, gulls crying, waves rolling in below the cliff"),
    ("9:16", False, "Slow dolly through a neon market in the rain, reflections on the wet street"),
    ("1:1", True, "Macro of coffee crema swirling in a white cup, a spoon clinking"),
)


class Command(BaseCommand):
    help = (
        "Set up what is missing, then run the web server, the worker and, in practice mode, the practice provider. "
        "Ctrl-C stops all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, **options: Any) -> None:
        """Set up what is missing and run everything until Ctrl-C. Raises: CommandError when a port is taken."""
        port = options["port"]
        if not is_free(port):
            raise CommandError(f"Port {port} is in use: stop the program that uses it, or choose another with --port.")
        self._write_env()
        private_files.close()
        call_command("migrate", interactive=False, verbosity=0)
        load_schedules()
        self._make_admin()
        apixo = settings.PROVIDERS["apixo"]
        if apixo.base_url.startswith(settings.SANDBOX_URL) and not GenerationTask.objects.exists():
            welcome()
        self.stdout.write(f"Kling Studio: http://{HOST}:{port}/  (admin: http://{HOST}:{port}/admin/)")
        if settings.PRACTICE:
            self.stdout.write("Practice mode: orders go to the practice provider on this machine and cost nothing.")
        self.stdout.flush()
        sys.exit(self._run(port))

    def _write_env(self) -> None:
        """Write `.env` with the SECRET_KEY of this run, or add the key to an existing file that has none."""
        path = settings.BASE_DIR / ".env"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text("" if with_real_key() else "DEBUG=True\n")
        elif "SECRET_KEY" in os.environ:  # set outside, or read from .env
            return
        with path.open("a") as file:
            file.write(f"\nSECRET_KEY='{settings.SECRET_KEY}'\n")
        self.stdout.write("Wrote a random SECRET_KEY into .env; .env.example lists every variable.")

    def _make_admin(self) -> None:
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(16)  # 128 bits
        users.create_superuser("admin", password=password)
        self.stdout.write(f"Created the user admin with the password {password}  (shown once)")

    def _run(self, port: int) -> int:
        env = os.environ | {"PYTHONUNBUFFERED": "1"}
        commands = {
            "web": f"manage.py web --port {port}",
            "worker": "manage.py worker",
        }
        if settings.PRACTICE:
            sandbox_port = urlsplit(settings.SANDBOX_URL).port or 8900
            if not is_free(sandbox_port):
                sandbox_port = free_port()
            env["SANDBOX_URL"] = f"http://{HOST}:{sandbox_port}"
            env["PUBLIC_URL"] = os.environ.get("PUBLIC_URL") or f"http://{HOST}:{port}"
            commands["sandbox"] = f"manage.py sandbox --port {sandbox_port}"
        honcho.manager.KILL_WAIT = STOP_SECONDS
        manager = Processes()
        for name, command in commands.items():
            # exec replaces the shell, so that a signal reaches the program itself.
            line = f"exec {shlex.quote(sys.executable)} {command}"
            manager.add_process(name, line, env=env, cwd=str(settings.BASE_DIR))
        manager.loop()
        return manager.returncode or 0


class Processes(honcho.manager.Manager):  # type: ignore[misc]
    """Start a worker again that ended by itself, and a web server that was killed.

    At a stop the worker is stopped first, as its jobs need the site and the sandbox.

    honcho stops processes and prints inside the signal handler, which fails when the signal comes while it prints or
    before each process has reported its id, so here a thread does it.
    """

    kill_at = 0.0
    returncode: int | None

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()  # the worker is not started again while everything is stopped

    def _start(self) -> None:
        super()._start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self.returncode = 0
        threading.Thread(target=self.terminate).start()

    def terminate(self) -> None:
        with self.lock:
            if self._all_started():
                worker = self._processes["worker"]
                if not self.kill_at:
                    self.kill_at = time.monotonic() + STOP_SECONDS
                    if "returncode" not in worker:
                        self._procmgr.terminate(worker["pid"])
                if "returncode" in worker or time.monotonic() > self.kill_at:
                    super().terminate()
                    return
        threading.Timer(0.1, self.terminate).start()

    def _any_stopped(self) -> bool:
        """Return whether a process ended whose end ends all: worker and web server are started again instead."""
        for name in ("worker", "web"):
            code = self._processes[name].get("returncode")
            is_crash = code is not None and (name == "worker" or code < 0)  # a web server without its port ends all
            if is_crash and not self.kill_at:
                time.sleep(RESTART_SECONDS)
                self._start_again(name)
        return bool(super()._any_stopped())

    def _start_again(self, name: str) -> None:
        process = self._processes[name]
        with self.lock:
            if self.kill_at:
                return
            self._system_print(f"the {name} ended by itself and is started again\n")
            self.returncode = None
            del process["returncode"], process["pid"]
            process["process"] = multiprocessing.Process(name=name, target=process["obj"].run, args=(self.events, True))
            process["process"].start()


def welcome() -> None:
    """Order a few practice clips for a new site."""
    for ratio, sound, text in WELCOME:
        chosen: dict[str, Value] = {"prompt": text, "duration": 5, "sound": sound, "aspect_ratio": ratio}
        order = Order(provider="apixo", model="kling-2-6", mode="text-to-video", parameters=chosen)
        ordering.place([OrderRequest(order)], at=clock.now())


def is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
