"""Jobs that wait in the queue under a name of an earlier version: they fail, and the rows bring the work back."""

from __future__ import annotations

import threading
import time
from multiprocessing import Value
from queue import Queue
from typing import Any

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Failure, OrmQ
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.tasks import async_task
from django_q.worker import worker

from generations.models import GenerationTask, Status
from generations.sandbox import Sandbox
from tests.conducting import conduct
from tests.worker.conducting import order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]
DEADLINE_SECONDS = 60


def run_one_job() -> None:
    """Take a job off the queue, run it and acknowledge it, by the functions that django-q2's processes run."""
    waiting: Queue[Any] = Queue()
    done: Queue[Any] = Queue()
    once = threading.Event()
    once.set()
    pusher(waiting, once, get_broker())
    waiting.put("STOP")
    worker(waiting, done, Value("f", -1))
    done.put("STOP")
    monitor(done, get_broker())


OLD = (
    "generations.jobs.save",
    "generations.jobs.conduct",
    "generations.worker.jobs.conduct",
    "generations.worker.jobs.sweep",
)


@pytest.mark.parametrize("lost", OLD)
def test_a_job_under_an_old_name_fails_and_its_clip_is_stored_all_the_same(sandbox: Sandbox, lost: str) -> None:
    task = order()
    ends = time.monotonic() + DEADLINE_SECONDS
    while task.status != Status.READY:
        assert time.monotonic() < ends
        conduct()
        task.refresh_from_db()
    OrmQ.objects.all().delete()  # the queue that the earlier version left: its own names, and no others
    async_task(lost, *([task.pk] if lost.endswith("save") else []))
    run_one_job()
    assert (OrmQ.objects.count(), Failure.objects.get().func) == (0, lost)

    while task.status != Status.STORED:
        assert time.monotonic() < ends
        GenerationTask.objects.filter(status=Status.READY).update(due_at=timezone.now())  # half a minute passes
        conduct()
        run_one_job()
        task.refresh_from_db()
    assert sandbox.truth()["accepted"] == 1
