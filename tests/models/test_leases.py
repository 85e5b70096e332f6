"""Who may do what only one may do, until when."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from generations.models import Lease
from generations.models.leases import holding


@pytest.mark.django_db
def test_a_lease_is_taken_once() -> None:
    assert Lease.objects.take("conductor", seconds=60)
    assert Lease.objects.take("conductor", seconds=60) is None
    assert Lease.objects.take("another", seconds=60)


@pytest.mark.django_db
def test_a_lease_that_ran_out_is_free_and_its_old_holder_is_fenced_off() -> None:
    old = Lease.objects.take("conductor", seconds=60)
    Lease.objects.update(expires_at=Now() - timedelta(seconds=1))
    new = Lease.objects.take("conductor", seconds=60)
    assert old and new
    assert not Lease.objects.renew("conductor", old, seconds=60)
    assert Lease.objects.renew("conductor", new, seconds=60)
    Lease.objects.release("conductor", old)
    assert Lease.objects.renew("conductor", new, seconds=60)


@pytest.mark.django_db
def test_a_released_lease_is_free_at_once() -> None:
    token = Lease.objects.take("conductor", seconds=60)
    assert token
    Lease.objects.release("conductor", token)
    assert Lease.objects.take("conductor", seconds=60)


@pytest.mark.django_db(transaction=True)
def test_a_held_lease_is_renewed_for_as_long_as_the_block_runs() -> None:
    with holding("conductor", seconds=0.4) as hold:
        assert hold
        ends = time.monotonic() + 1.0
        while time.monotonic() < ends:
            assert Lease.objects.take("conductor", seconds=1) is None
            time.sleep(0.05)
        assert hold.is_ours
    assert Lease.objects.take("conductor", seconds=1)


@pytest.mark.django_db(transaction=True)
def test_who_lost_the_lease_knows_it() -> None:
    with holding("conductor", seconds=0.2) as hold:
        assert hold
        Lease.objects.update(token=uuid.uuid4())
        assert not hold.renew()
        ends = time.monotonic() + 5
        while hold.is_ours and time.monotonic() < ends:
            time.sleep(0.02)
        assert not hold.is_ours


@pytest.mark.django_db
def test_a_sign_of_life_is_fresh_for_a_while() -> None:
    assert not Lease.objects.stamped_within("worker", seconds=90)
    Lease.objects.stamp("worker")
    assert Lease.objects.stamped_within("worker", seconds=90)
    Lease.objects.update(expires_at=Now() - timedelta(seconds=91))
    assert not Lease.objects.stamped_within("worker", seconds=90)
