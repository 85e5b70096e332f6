"""What one run of a case gave, and how it is shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.pipeline import usage
from tests.processes import proc
from tests.processes.site import OUTSIDE, ROOT

HEAD = (
    "| | clips | accepted after | noticed p50 / p95 / max | stored p50 / p95 / max | CPU | a clip | memory | requests |"
    " 429 | load |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass
class Run:
    """The outcome of one way to make the clips of a case; lags in seconds since the provider finished a clip."""

    name: str
    tasks: int
    accepted_seconds: float = 0.0  # from the first order to the last acceptance
    noticed: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0  # of all its processes since they were started
    database_cpu_seconds: float = 0.0  # of a server
    provider_cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    answers: Mapping[str, int] = field(default_factory=dict)  # of the provider, by kind
    load: float = field(default_factory=lambda: os.getloadavg()[0])  # of the machine, before the run
    notes: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """Return a line of the table."""
        requests = sum(count for kind, count in self.answers.items() if kind != "429")
        cells = [
            self.name, f"{len(self.stored)} of {self.tasks}", f"{self.accepted_seconds:.1f} s",
            spread(self.noticed), spread(self.stored), f"{self.cpu_seconds + self.database_cpu_seconds:.1f} s",
            f"{1000 * (self.cpu_seconds + self.database_cpu_seconds) / max(1, len(self.stored)):.0f} ms",
            f"{self.peak_mb:.0f} MB", str(requests), str(self.answers.get("429", 0)), f"{self.load:.1f}",
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"

    def as_json(self) -> dict[str, Any]:
        shown = {name: percentiles(getattr(self, name)) for name in ("noticed", "stored")}
        return vars(self) | shown | {"stored_count": len(self.stored)}


def percentiles(lags: list[float]) -> dict[str, float]:
    ordered = sorted(lags) or [float("nan")]
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) for name, share in at.items()}


def spread(lags: list[float]) -> str:
    return " / ".join(f"{value:.1f}" for value in percentiles(lags).values()) + " s"


class Provider:
    """The quick provider as a process; a context manager."""

    def __init__(self, clips: list[Path], *options: str) -> None:
        self.command = [sys.executable, "-m", "tests.bench.pipeline.provider", "--clips", *map(str, clips), *options]

    def __enter__(self) -> Provider:
        self.process = subprocess.Popen(self.command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.communicate()

    def journal(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/journal", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def running(command: list[str], folder: Path, **environment: str) -> Iterator[usage.Watch]:
    """Run a Python command and whatever it starts; kill them all at the end."""
    mark = f"STUDIO_BENCH={folder}"
    with (folder / "out.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=log, stderr=log,
            env=outside() | environment | {"STUDIO_BENCH": str(folder)},
        )  # fmt: skip
    try:
        with usage.Watch(lambda: proc.marked(mark)) as watch:
            yield watch
    finally:
        while pids := proc.marked(mark):
            proc.send(signal.SIGKILL, pids)
            process.wait()


def finish(command: list[str], environment: dict[str, str]) -> None:
    """Run a Python command to its end."""
    subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=outside() | environment, capture_output=True, check=True, timeout=120
    )


def end_at_sigterm() -> None:
    """Let SIGTERM end this program as an exception does, so that nothing that it started is left behind."""
    signal.signal(signal.SIGTERM, lambda *__: sys.exit("stopped"))


def outside() -> dict[str, str]:
    return {name: os.environ[name] for name in OUTSIDE if name in os.environ}
