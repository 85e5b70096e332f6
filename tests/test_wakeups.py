"""Jobs that wake the worker."""

import pytest
from django.db import transaction
from django_q.models import OrmQ

from generations import wakeups


@pytest.mark.django_db(transaction=True)
def test_a_job_is_rolled_back_with_the_transaction_that_enqueued_it() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        wakeups.wake_conductor()
        raise RuntimeError
    assert not OrmQ.objects.exists()


@pytest.mark.django_db
def test_a_job_to_save_carries_an_id_and_nothing_else() -> None:
    wakeups.enqueue_save(7)
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("generations.worker.jobs.save", (7,))
