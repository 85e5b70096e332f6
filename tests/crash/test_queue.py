"""The queue only wakes the worker: its jobs are lost, doubled and enqueued ten times, and nothing breaks."""

from __future__ import annotations

from tests.crash import judge
from tests.crash.gate import Gate
from tests.crash.worker import Site, Worker

EMPTY = "DELETE FROM django_q_ormq"
DOUBLE = "INSERT INTO django_q_ormq (key, payload, lock) SELECT key, payload, lock FROM django_q_ormq"
SAVE_TEN_TIMES = """
from generations import wakeups
from generations.models import GenerationTask
for task in GenerationTask.objects.filter(status="ready"):
    for __ in range(10):
        wakeups.enqueue_save(task.pk)
        wakeups.wake_conductor()
"""


def test_a_queue_that_is_emptied_in_every_state_loses_no_work(site: Site, gate: Gate, worker: Worker) -> None:
    gate.orders_open.clear()
    gate.files_open.clear()
    site.order("gulls", "crabs")
    site.sql(EMPTY)  # queued, or just being sent
    worker.wait_for(lambda: gate.orders_held == 2, "orders in the air")
    site.sql(EMPTY)
    gate.orders_open.set()
    worker.wait_for(lambda: site.count("running") == 2, "running tasks")
    site.sql(EMPTY)
    worker.wait_for(lambda: site.count("ready") == 2, "finished tasks")
    site.sql(EMPTY)
    gate.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips")
    assert judge.broken_promises(site, gate.truth()) == []
    assert gate.posts == gate.accepted == 2


def test_jobs_that_are_doubled_again_and_again_change_nothing(site: Site, gate: Gate, worker: Worker) -> None:
    gate.files_open.clear()
    site.order("gulls", "crabs", "a lighthouse")
    for __ in range(5):
        site.sql(DOUBLE)
    worker.wait_for(worker.savers, "download")
    for __ in range(3):
        site.sql(DOUBLE)
    site.manage("shell", "-v0", "-c", SAVE_TEN_TIMES)
    gate.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips")
    assert judge.broken_promises(site, gate.truth()) == []
    assert judge.orphans(site) == []
    assert gate.posts == gate.accepted == 3
