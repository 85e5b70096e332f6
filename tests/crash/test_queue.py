"""The queue only wakes the worker: its jobs are lost, doubled and enqueued ten times, and nothing breaks."""

from __future__ import annotations

from tests.crash.faulty_provider.server import FaultyProvider
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


def test_a_queue_that_is_emptied_in_every_state_loses_no_work(
    site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.orders_open.clear()
    provider.files_open.clear()
    site.order("gulls", "crabs")
    site.sql(EMPTY)  # queued, or just being sent
    worker.wait_for(lambda: provider.orders_held == 2, "orders in flight")
    site.sql(EMPTY)
    provider.orders_open.set()
    worker.wait_for(lambda: site.count("running") == 2, "running tasks")
    site.sql(EMPTY)
    worker.wait_for(lambda: site.count("ready") == 2, "finished tasks")
    site.sql(EMPTY)
    provider.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips")
    assert site.broken(provider, accepted=2) == []


def test_jobs_that_are_doubled_again_and_again_change_nothing(
    site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.files_open.clear()
    site.order("gulls", "crabs", "a lighthouse")
    for __ in range(5):
        site.sql(DOUBLE)
    worker.wait_for(worker.savers, "download")
    for __ in range(3):
        site.sql(DOUBLE)
    site.manage("shell", "-v0", "-c", SAVE_TEN_TIMES)
    provider.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips")
    assert site.broken(provider) == []
    assert site.orphans() == []
    assert provider.posts == provider.accepted == 3
