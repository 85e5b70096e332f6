"""Pages while others hold sockets: `python -m tests.bench.bench_idle_sockets [--connections N] [--seconds N]`.

Starts the web server of `manage.py up`, and gunicorn where it is installed, each with a database of its own and 8
threads. Opens 200 connections of one kind, on this machine only, and prints the times of a page while they stay open.
Then a download of 200 MB, 50 ranges of it at once, and what the server's memory and temporary files did meanwhile.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from tests.processes import proc
from tests.processes.site import ROOT, Site
from tests.servers import free_port

THREADS = 8
PAGE_TIMEOUT = 5.0
FILE_MB = 200
RANGES = 50
SERVERS = {
    "waitress": ["manage.py", "web", "--port", "{port}", "--threads", str(THREADS)],
    "gunicorn": ["-m", "gunicorn", "kling_site.wsgi", "--bind", "127.0.0.1:{port}", "--threads", str(THREADS)],
}
SEED = """
import os, sys, django
django.setup()
from generations.models import Video
from tests.catalog.conftest import published
video = published()
os.truncate(video.path, %d)
Video.objects.update(size_bytes=video.path.stat().st_size)
sys.stdout.write(video.url)
"""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10, help="for each kind")
    options = parser.parse_args()
    missed = False
    for name, command in SERVERS.items():
        if name == "gunicorn" and not importlib.util.find_spec("gunicorn"):
            say("gunicorn is not installed, so it is left out")
            continue
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-idle-")))
            site = Site(folder, CATALOG_PUBLIC="True", TMPDIR=str(folder))
            site.migrate()
            made = [sys.executable, "-c", SEED % (FILE_MB * 1_000_000)]
            environment = site.env | {"DJANGO_SETTINGS_MODULE": "kling_site.settings"}
            file = subprocess.run(made, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
            port, process = stack.enter_context(served(site, command))
            for kind, sent in kinds(file).items():
                slowest = while_open(port, f"{name}: {kind}", sent, options.connections, options.seconds)
                missed |= name == "waitress" and slowest > 1
            files(site, port, process.pid, name, file)
    raise SystemExit(missed)


@contextmanager
def served(site: Site, command: list[str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    line = [sys.executable, *(word.format(port=port) for word in command)]
    with (site.folder / "web.log").open("wb") as log:
        process = subprocess.Popen(line, cwd=ROOT, env=site.env, stdout=log, stderr=log)
    try:
        proc.wait_for(lambda: page(port) is not None, "web server")
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        for pid in [*proc.children(process.pid, proc.everybody()), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def kinds(file: str) -> dict[str, bytes]:
    """What each connection sends before it waits."""
    post = b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return {
        "idle": b"",
        "half a line": b"GET /lo",
        "half a body": post + b"Content-Length: 500\r\n\r\nusername=a",
        "slow readers": f"GET {file} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    }


def page(port: int) -> float | None:
    """Return the seconds that a page takes; None when it does not come."""
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=PAGE_TIMEOUT) as answer:
            answer.read()
    except OSError:
        return None
    return time.perf_counter() - began


def while_open(port: int, what: str, sent: bytes, connections: int, seconds: float) -> float:
    """Open connections, time the page meanwhile, and return its slowest time; what does not come is infinite."""
    with ExitStack() as stack:
        for __ in range(connections):
            client = stack.enter_context(closing(socket.socket()))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(sent)
        ends, times = time.monotonic() + seconds, []
        while time.monotonic() < ends:
            took = page(port)
            times.append(float("inf") if took is None else took)
            time.sleep(0.1)
    came = sum(took < float("inf") for took in times)
    middle, most = statistics.median(times) * 1000, max(times) * 1000
    say(f"{what:<26} {came} of {len(times)} pages came, median {middle:.0f} ms, slowest {most:.0f} ms")
    return most / 1000


def files(site: Site, port: int, pid: int, name: str, file: str) -> None:
    """Download a large file, then parts of it at once; temporary files would be in the site's folder."""
    before, most_mb, most_temp = memory_mb(pid), 0.0, 0
    address = f"http://127.0.0.1:{port}{file}"

    def part(number: int) -> int:
        start = number * 4_000_000
        wanted = urllib.request.Request(address, headers={"Range": f"bytes={start}-{start + 999_999}"})
        with urllib.request.urlopen(wanted, timeout=60) as answer:
            return len(answer.read()) if answer.status == 206 else 0

    with urllib.request.urlopen(address, timeout=60) as answer:
        began, received = time.perf_counter(), 0
        while chunk := answer.read(1_000_000):
            received += len(chunk)
            if received % 20_000_000 < len(chunk):
                most_mb, most_temp = max(most_mb, memory_mb(pid)), max(most_temp, temporary(pid, site.folder))
        took = time.perf_counter() - began
    say(f"{name}: {received / 1e6:.0f} MB in {took:.1f} s, at most {most_mb - before:.0f} MB more memory, "
        f"{most_temp} temporary files")  # fmt: skip
    began = time.perf_counter()
    with ThreadPoolExecutor(RANGES) as pool:
        whole = sum(length == 1_000_000 for length in pool.map(part, range(RANGES)))
    say(f"{name}: {whole} of {RANGES} ranges of 1 MB at once, in {time.perf_counter() - began:.1f} s")


def family(pid: int) -> list[int]:
    return [pid, *proc.children(pid, proc.everybody())]


def memory_mb(pid: int) -> float:
    pages = [Path(f"/proc/{each}/statm").read_text().split()[1] for each in family(pid)]
    return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE") / 1e6


def temporary(pid: int, folder: Path) -> int:
    """How many deleted files below a folder are open: Python's temporary files have no name."""
    opened = [name for each in family(pid) for name in proc.open_files(each)]
    return sum(name.startswith(str(folder)) and name.endswith("(deleted)") for name in opened)


if __name__ == "__main__":
    main()
