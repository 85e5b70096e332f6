"""Jobs for the worker."""

import pytest
from django.db import transaction
from django_q.models import OrmQ

from generations import wakeups


@pytest.mark.django_db(transaction=True)
def test_a_job_is_rolled_back_with_the_transaction_that_enqueued_it() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        wakeups.enqueue_save(7)
        raise RuntimeError
    assert not OrmQ.objects.exists()


@pytest.mark.django_db
def test_a_job_to_save_carries_an_id_and_nothing_else() -> None:
    wakeups.enqueue_save(7)
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("generations.worker.jobs.save", (7,))


@pytest.mark.django_db
def test_only_ordinary_jobs_that_wait_are_counted() -> None:
    wakeups.request_heartbeat()
    wakeups.enqueue_reconcile()
    wakeups.enqueue_save(7, urgent=True)
    assert wakeups.count_waiting() == 0
    wakeups.enqueue_save(7)
    assert wakeups.count_waiting() == 1


@pytest.mark.django_db
def test_background_work_is_enqueued_once_and_comes_after_all_else() -> None:
    wakeups.enqueue_background()
    wakeups.enqueue_background()
    job = OrmQ.objects.get()
    assert (job.key, job.task["func"]) == (wakeups.BACKGROUND, "generations.worker.jobs.background")
    assert wakeups.count_waiting() == 0
