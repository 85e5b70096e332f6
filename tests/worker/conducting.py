"""How the tests of the conductor order, and let it run."""

from __future__ import annotations

import time
from typing import Any

from django.utils import timezone

from generations.lifecycle import ordering, saving
from generations.lifecycle.ordering import OrderRequest
from generations.models import GenerationTask, Status
from tests.conducting import SOON, conduct
from tests.factories import an_order


def order(words: str = "", **changes: Any) -> GenerationTask:
    (task,) = ordering.place([OrderRequest(an_order(prompt=f"a lighthouse {words}", **changes))], at=timezone.now())
    return task


def run(task: GenerationTask) -> GenerationTask:
    """Conduct until it waits for a person or its end, and save what is ready in between."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        conduct()
        for job in GenerationTask.objects.filter(status=Status.READY, urls_died=False):
            saving.save(job.pk)
        task.refresh_from_db()
        waits = task.due_at is None or task.due_at > timezone.now() + SOON
        if waits and task.status not in (Status.RUNNING, Status.READY):  # on a slow machine those take a while
            break
    return task
