"""Saving in MB/s beside curl on the same disk: `python -m tests.bench.bench_saving --case 720p [--workers 4]`.

Saving is all that a finished clip needs: download, SHA-256, fsync, verification, poster, rename, row. curl only writes
what comes, and then the disk is synced for each file. Both fetch from the same server.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.pipeline import footage, product
from tests.bench.pipeline.runs import Provider, end_at_sigterm
from tests.processes.postgres import own_server
from tests.processes.site import ROOT, Site

CASES = {"tiny": (footage.TINY, 400), "720p": (footage.HD, 120), "1080p": (footage.FULL_HD, 24)}

SEED = """
import json, sys, uuid
from datetime import timedelta
from generations import clock
from generations.models import Status
from tests.factories import a_prompt, a_task
prompt, later = a_prompt(), clock.now() + timedelta(hours=9)
tasks = [
    a_task(
        Status.READY, prompt=prompt, remote_id=uuid.uuid4().hex, result_urls=[url], due_at=later,
        source_expires_at=later,
    )
    for url in json.loads(sys.stdin.read())
]
sys.stdout.write(json.dumps([task.pk for task in tasks]))
"""
SAVE = """
import json, sys, time
from generations.lifecycle import saving
from generations.models import GenerationTask
ids = json.loads(sys.stdin.readline())
GenerationTask.objects.exists()
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
began, cpu = time.time(), time.process_time()
stored = sum(saving.save(number) for number in ids)
sys.stdout.write(json.dumps([began, time.time(), time.process_time() - cpu, stored]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, default="720p")
    parser.add_argument("--clips", type=int, help="instead of the case's own number")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    end_at_sigterm()
    kind, clips = CASES[options.case]
    clips = options.clips or clips
    files = kind.clips()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-")))
        server = stack.enter_context(own_server()) if options.database == "postgres" else None
        provider = stack.enter_context(Provider(files))
        site = product.new_site(folder / "site", provider, server, {})
        urls = [f"{provider.url}/clips/{number % len(files)}.mp4" for number in range(clips)]
        size = sum(files[number % len(files)].stat().st_size for number in range(clips)) / 1e6
        say(f"{clips} clips of {options.case}, {size:.0f} MB together, {options.database}")
        say("| processes | saved | a second | CPU a clip | curl | curl, synced |\n|---|---|---|---|---|---|")
        for processes in (1, options.workers):
            seconds, cpu = save(site, urls, processes)
            plain, synced = curl(folder / f"curl-{processes}", urls, processes)
            cells = [str(processes), f"{size / seconds:.1f} MB/s", f"{clips / seconds:.1f} clips"]
            cells += [f"{cpu / clips * 1000:.0f} ms", f"{size / plain:.0f} MB/s", f"{size / synced:.0f} MB/s"]
            say(f"| {' | '.join(cells)} |")


def save(site: Site, urls: list[str], processes: int) -> tuple[float, float]:
    """Save a task for each URL; return seconds from the first beginning to the last end, and seconds of CPU."""
    ids = json.loads(site.manage("shell", "-v0", "-c", SEED, stdin=json.dumps(urls)))
    savers = [start(site, ids[number::processes]) for number in range(processes)]
    for saver in savers:
        assert saver.stdout.readline() == "ready\n"
    for saver in savers:
        saver.stdin.write("go\n")
        saver.stdin.flush()
    done = [json.loads(saver.communicate()[0]) for saver in savers]
    assert sum(stored for *__, stored in done) == len(urls), done
    return max(end for __, end, *__ in done) - min(began for began, *__ in done), sum(cpu for __, __, cpu, __ in done)


def start(site: Site, ids: list[int]) -> Any:
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", SAVE]
    saver = subprocess.Popen(
        command, cwd=ROOT, env=site.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )  # fmt: skip
    assert saver.stdin
    saver.stdin.write(json.dumps(ids) + "\n")
    saver.stdin.flush()
    return saver


def curl(folder: Path, urls: list[str], processes: int) -> tuple[float, float]:
    """Fetch all with one curl, so many at a time; return seconds, and seconds with a sync of each file."""
    folder.mkdir()
    files = [str(folder / f"{number}.mp4") for number in range(len(urls))]
    lines = "".join(f'url = "{url}"\noutput = "{file}"\n' for url, file in zip(urls, files, strict=True))
    options = ["--parallel", "--parallel-max", str(processes)] if processes > 1 else []
    began = time.perf_counter()
    subprocess.run(
        ["curl", "--silent", "--fail", *options, "--config", "-"],
        input=lines,
        text=True,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    plain = time.perf_counter() - began
    subprocess.run(["sync", *files], check=True)
    return plain, time.perf_counter() - began


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
