"""Restore tasks and balances from the journal at the start, and delete expired ones with their files."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from .journal import Journal
from .orders import Orders
from .tasks import Task
from .wire import Json


def restore_journal(journal: Journal, files: Path, providers: Mapping[str, Orders]) -> list[Task]:
    """Restore and return the tasks of the journal; the price of expired ones stays deducted from the balance."""
    tasks, finished = _read(journal, providers)
    kept: list[Task] = []
    for task in tasks:
        orders = providers[task.provider]
        finished_at = finished.get(task.id)
        last_use = finished_at if finished_at is not None else task.created_at
        if orders.now() > last_use + orders.terms.result_life_seconds:
            orders.spent += task.price if finished_at is not None and not task.fails else Decimal(0)
            continue
        kept.append(task)
    spent = [{"kind": "spent", "provider": name, "amount": str(orders.spent)} for name, orders in providers.items()]
    journal.rewrite(spent + [entry for task in kept for entry in _entries(task, finished)])
    for task in kept:
        providers[task.provider].restore(task, finished.get(task.id))
    _delete_unneeded(files, kept)
    return kept


def _read(journal: Journal, providers: Mapping[str, Orders]) -> tuple[list[Task], dict[str, float]]:
    tasks: list[Task] = []
    finished: dict[str, float] = {}
    for entry in journal.read():
        kind = entry.pop("kind", "")
        if kind == "spent":
            providers[entry["provider"]].spent += Decimal(entry["amount"])
        elif kind == "order":
            tasks.append(Task.from_json(entry))
        elif kind == "done":
            finished[entry["id"]] = entry["at"]
    return tasks, finished


def _entries(task: Task, finished: Mapping[str, float]) -> list[dict[str, Json]]:
    order = {"kind": "order", **task.to_json()}
    return [order, {"kind": "done", "id": task.id, "at": finished[task.id]}] if task.id in finished else [order]


def _delete_unneeded(files: Path, kept: list[Task]) -> None:
    """Delete result files and start images that no restored task needs, and partial files of a crash."""
    clips = [clip for task in kept for clip in task.clips]
    needed = {clip.name for clip in clips} | {clip.background for clip in clips}
    for path in files.iterdir():
        if path.name not in needed:
            path.unlink(missing_ok=True)
