"""The rivals' runs of a case; a clip counts as stored when its file was last written."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.pipeline.runs import Provider, Run, finish, running

ENQUEUE = """
from django_q.tasks import async_task
for number in range({tasks}):
    async_task("tests.bench.pipeline.rival.make_clip", "{url}", "{folder}")
"""


def run_threads(folder: Path, provider: Provider, tasks: int, *, seconds: float) -> Run:
    """One process with a thread for each clip."""
    folder.mkdir()
    command = ["-m", "tests.bench.pipeline.rival", "--url", provider.url, "--folder", str(folder)]
    return measured(
        Run("a loop, one thread a clip", tasks), [*command, "--tasks", str(tasks)], folder, provider, seconds
    )


def run_jobs(folder: Path, provider: Provider, tasks: int, *, seconds: float) -> Run:
    """A stock django-q2 cluster with a worker for each clip, because a job sleeps while it waits."""
    folder.mkdir()
    env = {"RIVAL_FOLDER": str(folder), "RIVAL_WORKERS": str(tasks)}
    env["DJANGO_SETTINGS_MODULE"] = "tests.bench.pipeline.rival_settings"
    enqueue = ENQUEUE.format(tasks=tasks, url=provider.url, folder=folder)
    finish(["-m", "django", "migrate", "-v0"], env)
    finish(["-m", "django", "shell", "-v0", "-c", enqueue], env)
    found = Run("django-q2, one job and one worker a clip", tasks)
    measured(found, ["-m", "django", "qcluster"], folder, provider, seconds, **env)
    found.notes["1,000 clips would need"] = (
        f"{found.peak_mb / tasks:.1f} GB, or {1000 * 60 / 4 / 3600:.1f} h with 4 workers"
    )
    return found


def measured(
    found: Run, command: list[str], folder: Path, provider: Provider, seconds: float, **environment: str
) -> Run:
    """Run the command until all files are there or the time is over, and compare with the provider's journal."""
    until = time.time() + seconds
    with running(command, folder, **environment) as watch:
        while len(list(folder.glob("*.mp4"))) < found.tasks and time.time() < until:
            time.sleep(1)
        found.cpu_seconds, found.peak_mb = watch.cpu_seconds(), watch.peak_mb
        journal = provider.journal()
    tasks = {task["id"]: task for task in journal["tasks"]}
    if tasks:
        first = min(task["created_at"] for task in tasks.values())
        found.accepted_seconds = max(task["accepted_at"] for task in tasks.values()) - first
    for path in folder.glob("*.mp4"):
        task = tasks[path.stem]
        found.noticed.append(task["noticed_at"] - task["finishes_at"])
        found.stored.append(path.stat().st_mtime - task["finishes_at"])
    found.answers, found.provider_cpu_seconds = journal["answers"], journal["cpu_seconds"]
    return found
