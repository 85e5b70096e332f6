"""Check the promises P1 to P13, as far as a database and stored files can show them. Changes nothing.

It cannot see how many POSTs a provider received.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count

from generations.integrity import row_checks, timeline_checks
from generations.integrity.cleanup import remove_stale_parts
from generations.integrity.compare import batches, chunks, damage, orphan_files
from generations.integrity.reconcile import OVERDUE, READERS, overdue
from generations.lifecycle.capacity import why_paused
from generations.media.store import FOLDERS, shown, store
from generations.models import BalanceReading, BudgetPeriod, GenerationTask, LedgerEntry, Status, Video
from generations.money import limits
from generations.providers import ADAPTERS

READ_AT_ONCE = 2000
# The triggers that refuse to change or delete ledger entries; a table that was rebuilt lacks them.
GUARDS = {
    "sqlite": "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger_is_append_only%'",
    "postgresql": "SELECT COUNT(*) FROM pg_trigger WHERE tgname LIKE 'ledger_is_append_only%' AND tgenabled <> 'D'",
}


@dataclass(frozen=True, slots=True)
class Broken:
    promise: str
    what: str
    task: int | None = None

    def __str__(self) -> str:
        return f"{self.promise}: {f'task {self.task}: ' if self.task else ''}{self.what}"

    def as_json(self) -> dict[str, Any]:
        return {"promise": self.promise, "what": self.what, "task": self.task}


@dataclass
class CheckResult:
    broken: list[Broken] = field(default_factory=list)
    checked: dict[str, str] = field(default_factory=dict)  # promise -> what was examined, in words

    def as_json(self) -> dict[str, Any]:
        return {"ok": not self.broken, "broken": [one.as_json() for one in self.broken], "checked": self.checked}


def check_all(*, at: datetime, worker_lives: bool, deep: bool = True) -> CheckResult:
    """Check every task, entry, event, clip and file. Not `deep` trusts the bytes of files of the right size."""
    result = CheckResult()
    tasks = _rows(result, at=at)
    _timelines(result)
    _twice(result)
    _money(result)
    _stuck(result, at=at, worker_lives=worker_lives)
    clips = _clips(result, deep=deep)
    _undecoded(result, at=at, worker_lives=worker_lives)
    files = _files(result, at=at)
    result.checked |= dict.fromkeys(("P1", "P2", "P12"), f"{tasks} tasks and their timelines")
    result.checked |= dict.fromkeys(("P3", "P9"), f"{tasks} tasks")
    result.checked["P4"] = f"{BudgetPeriod.objects.count()} periods of budgets beside the ledger"
    result.checked["P5"] = f"{tasks} tasks and their ledger"
    result.checked["P6"] = "; ".join(balances()) or "no two readings of a balance yet"
    result.checked["P7"] = f"{clips} clips, {'every byte' if deep else 'their sizes'}"
    result.checked["P8"] = f"{files} files"
    result.checked["P11"] = f"{tasks} tasks; the rest of it only a crash can show"
    result.checked = dict(sorted(result.checked.items(), key=lambda item: int(item[0][1:])))
    result.broken.sort(key=lambda one: (int(one.promise[1:]), one.task or 0))
    return result


# --- Rows


def _rows(result: CheckResult, *, at: datetime) -> int:
    tasks = 0
    for row in row_checks.rows().iterator(chunk_size=READ_AT_ONCE):
        tasks += 1
        for promise, check in row_checks.CHECKS.items():
            result.broken += [Broken(promise, what, row.pk) for what in check(row, at)]
    return tasks


def _timelines(result: CheckResult) -> None:
    result.broken += [Broken(promise, what, task) for promise, task, what in timeline_checks.faults()]


def _twice(result: CheckResult) -> None:
    """Check what unique constraints forbid: a database that was restored or edited by hand may lack them."""
    ids = GenerationTask.objects.order_by().exclude(remote_id=None).values("provider", "remote_id")
    for row in ids.annotate(n=Count("pk")).filter(n__gt=1):
        result.broken.append(Broken("P3", f"{row['n']} tasks have the id {row['remote_id']} at {row['provider']}"))
    clips = Video.objects.order_by().values("task", "position").annotate(n=Count("pk")).filter(n__gt=1)
    for clip in clips:
        result.broken.append(Broken("P11", f"result {clip['position']} was stored {clip['n']} times", clip["task"]))


def _money(result: CheckResult) -> None:
    """Compare budgets with the ledger, and check that the database still refuses to change the ledger."""
    result.broken += [Broken("P4", difference) for difference in limits.audit()]
    with connection.cursor() as cursor:
        cursor.execute(GUARDS[connection.vendor])
        (guards,) = cursor.fetchone()
    if guards < 2:
        result.broken.append(Broken("P5", "the database does not stop changes and deletions of ledger entries"))


def _stuck(result: CheckResult, *, at: datetime, worker_lives: bool) -> None:
    """Find overdue tasks. An order may wait for longer while others go out, or while orders are paused."""
    late = list(overdue(at=at).order_by("pk").values_list("pk", "status", "provider", "model"))
    lines = {(provider, model) for _, status, provider, model in late if status == Status.QUEUED}
    waiting = {line for line in lines if line[0] in ADAPTERS and _queue_may_wait(*line, at=at)}
    stuck = [row for row in late if not (row[1] == Status.QUEUED and row[2:] in waiting)]
    if not worker_lives:
        result.checked["P10"] = f"no worker runs: {len(stuck)} overdue tasks are not counted as broken"
        return
    result.checked["P10"] = f"{len(late)} overdue tasks, {len(late) - len(stuck)} of them wait for a slot or a resume"
    result.broken += [
        Broken("P10", f"it is {status}, and overdue by more than 5 minutes", pk) for pk, status, *_ in stuck
    ]


def _queue_may_wait(provider: str, model: str, *, at: datetime) -> bool:
    tasks = GenerationTask.objects.of_this_site().filter(provider=provider)
    if why_paused(provider, model) or tasks.filter(submitted_at__gte=at - OVERDUE).exists():
        return True
    return GenerationTask.objects.count_in_flight().get(provider, 0) >= settings.PROVIDERS[provider].concurrent_tasks


# --- Files


def _clips(result: CheckResult, *, deep: bool) -> int:
    count = 0
    rows = Video.objects.only("file", "sha256", "size_bytes", "task")
    if not store.is_mounted() and rows.exists():
        result.broken.append(Broken("P7", "the folder of clips is missing: is its disk mounted?"))
        return 0
    with ThreadPoolExecutor(READERS, thread_name_prefix="read") as pool:
        for batch in chunks(rows):
            count += len(batch)
            for video, harm in zip(batch, pool.map(partial(damage, deep=deep), batch), strict=True):
                if harm:
                    result.broken.append(Broken("P7", f"video {video.pk}: {harm} ({video.file})", video.task_id))
    return count


def _undecoded(result: CheckResult, *, at: datetime, worker_lives: bool) -> None:
    """Find clips whose late decoding was forgotten, or came later than it could help."""
    waiting = Video.objects.filter(decoded_at=None, damage="")
    result.checked["P13"] = f"{waiting.count()} clips that wait for their late decoding"
    late = waiting.filter(task__source_expires_at__lt=at - row_checks.LATE) if worker_lives else waiting.none()
    for video in waiting.filter(decode_due_at=None).only("task") | late.only("task"):
        why = "its link has expired, and not every frame was" if video.decode_due_at else "it is never to be"
        result.broken.append(Broken("P13", f"video {video.pk}: {why} decoded", video.task_id))


def _files(result: CheckResult, *, at: datetime) -> int:
    count = 0
    parts = remove_stale_parts(at=at, dry_run=True)
    for batch in batches(store.walk(*FOLDERS)):
        count += len(batch)
        names = [found.name for found in batch if found.name.endswith(".part")]
        result.broken += [Broken("P7", f"{shown(name)}: a partial file under a final name") for name in names]
        for orphan in orphan_files(batch, at=at):
            result.broken.append(Broken("P8", f"{shown(orphan.name)}: {orphan.strange or 'no row names it'}"))
    result.broken += [Broken("P8", f"{part}: a partial file, more than an hour old") for part in parts]
    return count


# --- Money at the providers


def balances() -> Iterator[str]:
    """Yield how far each balance fell since its first reading, beside the ledger: information, not a breach.

    Top-ups, and what others bought with the same key, are not in our rows.
    """
    readings = BalanceReading.objects.read().order_by("at", "id")
    for provider, practice, unit in (
        readings.order_by("provider").values_list("provider", "practice", "unit").distinct()
    ):
        own = readings.of(provider, practice=practice).read().filter(unit=unit)
        first, last = own.first(), own.last()
        if first is None or last is None or first == last or first.amount is None or last.amount is None:
            continue
        entries = LedgerEntry.objects.spent().filter(task__provider=provider, practice=practice)
        spent = entries.filter(at__gt=first.at, at__lte=last.at).total_usd()
        name = f"{provider}, practice" if practice else provider
        yield f"{name}: {first.amount - last.amount} {unit} less since the first reading, {spent:.4f} USD on the ledger"
