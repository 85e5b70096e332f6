"""What it costs to compare rows and files, and to check the promises: `python -m tests.bench.bench_reconcile`.

It makes its own store and, without a DATABASE_URL, its own SQLite file, all in a temporary folder. A DATABASE_URL must
name an empty database. `--rows` and `--kilobytes` (of a clip) change the size.
"""

import argparse
import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

FOLDER = tempfile.TemporaryDirectory(prefix="bench-")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER.name}/db.sqlite3")
os.environ |= {
    "MEDIA_ROOT": f"{FOLDER.name}/media",
    "DJANGO_SETTINGS_MODULE": "kling_site.settings",
    "PRACTICE": "True",
}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from generations import clock  # noqa: E402
from generations.integrity.invariants import check_all  # noqa: E402
from generations.integrity.reconcile import reconcile  # noqa: E402
from generations.media.store import JPEG_MARKS  # noqa: E402
from generations.models import EntryKind, GenerationTask, LedgerEntry, Prompt, Status, TaskEvent, Video  # noqa: E402

S = Status
WAY = [(S.QUEUED, S.QUEUED), (S.QUEUED, S.SUBMITTING), (S.SUBMITTING, S.RUNNING), (S.RUNNING, S.READY)]
WAY += [(S.READY, S.STORED)]
MEDIA = Path(FOLDER.name, "media")
OLD = timedelta(hours=2)


def main() -> None:
    """Print a line for each measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--kilobytes", type=int, default=100)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    if GenerationTask.objects.exists():
        sys.exit("The database is not empty.")
    fill(options.rows, options.kilobytes * 1000)
    say = sys.stdout.write
    vendor = django.db.connection.vendor
    say(f"{options.rows} stored tasks, their clips of {options.kilobytes} kB and posters, {vendor}\n")
    measure("reconcile, all well", compare)
    measure("check_invariants, every byte", lambda: check(deep=True))
    measure("check_invariants --quick", lambda: check(deep=False))
    spoil(options.rows // 20)
    measure("reconcile, 1 of 20 clips damaged, as many strays", compare)
    measure("reconcile, a second time", compare)
    say(f"memory at its peak: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")


def measure(name: str, work: Callable[[], str]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    said = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    sys.stdout.write(f"{name:>50}: {wall:6.1f} s, {cpu:6.1f} s of CPU  ({said})\n")


def compare() -> str:
    return str(reconcile(at=clock.now(), worker_lives=True))


def check(*, deep: bool) -> str:
    report = check_all(at=clock.now(), worker_lives=True, deep=deep)
    return f"{len(report.broken)} broken"


def fill(rows: int, size: int) -> None:
    """Rows as a stored order leaves them, and their files."""
    at = clock.now() - OLD
    prompt = Prompt.objects.create(text="a lighthouse at dawn")
    common = {"prompt": prompt, "prompt_text": prompt.text, "provider": "apixo", "model": "kling-2-6", "practice": True}
    common |= {"mode": "text-to-video", "duration_seconds": 5, "price_usd": Decimal("0.35"), "created_at": at}
    common |= {
        "status": S.STORED,
        "submitted_at": at,
        "attempts": 1,
        "send_count": 1,
        "stored_at": at,
        "finished_at": at,
    }
    tasks = GenerationTask.objects.bulk_create(
        [GenerationTask(**common, remote_id=f"r-{number}", result_urls=[""]) for number in range(rows)], batch_size=500
    )
    TaskEvent.objects.bulk_create(
        [TaskEvent(task=task, at=at, was=was, now=now, reason="bench") for task in tasks for was, now in WAY],
        batch_size=500,
    )
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(task=task, kind=kind, amount_usd=task.price_usd, at=at, day=at.date(), practice=True)
            for kind in (EntryKind.HOLD, EntryKind.CHARGE)
            for task in tasks
        ],
        batch_size=500,
    )
    noise = os.urandom(size)
    Video.objects.bulk_create([a_video(task, noise) for task in tasks], batch_size=500)


def a_video(task: GenerationTask, noise: bytes) -> Video:
    content = task.pk.to_bytes(8, "big") + noise[8:]
    poster = write(f"posters/2026/{task.pk:032x}.jpg", b"".join(JPEG_MARKS))
    return Video(
        task=task, position=0, title="bench", file=write(f"videos/2026/{task.pk:032x}.mp4", content), poster=poster,
        poster_small=poster,
        sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), duration_seconds=5, width=1280, height=720,
        fps=24, has_audio=True, created_at=task.created_at,
    )  # fmt: skip


def write(name: str, content: bytes) -> str:
    path = MEDIA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    at = (clock.now() - OLD).timestamp()
    os.utime(path, (at, at))
    return name


def spoil(count: int) -> None:
    for number, video in enumerate(Video.objects.order_by("pk")[:count]):
        if number % 2:
            video.path.unlink()
        else:
            video.path.write_bytes(bytes(video.size_bytes))
        write(f"videos/2026/stray-{number}.mp4", b"stray")


if __name__ == "__main__":
    main()
