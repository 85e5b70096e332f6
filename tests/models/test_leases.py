"""Who may do what only one may do, until when."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from django.db.models.functions import Now

from generations.models import Lease, leases
from generations.models.leases import lease_held


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
    with lease_held("conductor", seconds=0.4) as hold:
        assert hold
        ends = time.monotonic() + 1.0
        while time.monotonic() < ends:
            assert Lease.objects.take("conductor", seconds=1) is None
            time.sleep(0.05)
        assert hold.is_ours
    assert Lease.objects.take("conductor", seconds=1)


@pytest.mark.django_db(transaction=True)
def test_who_lost_the_lease_knows_it() -> None:
    with lease_held("conductor", seconds=0.2) as hold:
        assert hold
        Lease.objects.update(token=uuid.uuid4())
        assert not hold.renew()
        ends = time.monotonic() + 5
        while hold.is_ours and time.monotonic() < ends:
            time.sleep(0.02)
        assert not hold.is_ours


@pytest.mark.django_db
def test_a_sign_of_life_is_fresh_for_a_while() -> None:
    assert not Lease.objects.is_worker_alive()
    Lease.objects.record_heartbeat()
    assert Lease.objects.is_worker_alive()
    Lease.objects.update(expires_at=Now() - timedelta(seconds=91))
    assert not Lease.objects.is_worker_alive()


@pytest.mark.django_db
def test_a_dead_lease_is_cleared_and_its_holder_is_fenced_off_even_when_nobody_took_it() -> None:
    dead, asleep, alive = (Lease.objects.take(f"save:{n}", seconds=60) for n in range(3))
    Lease.objects.take("conductor", seconds=-700)
    Lease.objects.filter(name="save:0").update(expires_at=Now() - timedelta(seconds=700))
    Lease.objects.filter(name="save:1").update(expires_at=Now() - timedelta(seconds=500))
    assert Lease.objects.clear_dead("save:", seconds=600) == 1
    assert Lease.objects.clear_dead("save:", seconds=600) == 0
    assert dead and asleep and alive
    held = [Lease.objects.renew(f"save:{n}", token, seconds=60) for n, token in enumerate((dead, asleep, alive))]
    assert held == [False, True, True]


@pytest.mark.django_db(transaction=True)
def test_a_broken_connection_is_replaced_so_a_short_outage_costs_no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    renewed: list[bool] = []

    def renew(name: str, token: uuid.UUID, *, seconds: float) -> bool:
        renewed.append(len(renewed) >= 2)
        if not renewed[-1]:
            raise (OperationalError, InterfaceError)[len(renewed) - 1]("the connection is closed")
        return True

    monkeypatch.setattr(Lease.objects, "renew", renew)
    with lease_held("conductor", seconds=0.8) as hold:
        assert hold
        ends = time.monotonic() + 5
        while not any(renewed) and time.monotonic() < ends:
            time.sleep(0.02)
        assert hold.is_ours


@pytest.mark.django_db(transaction=True)
def test_what_is_done_waits_for_a_database_that_is_away_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RECONNECT_SECONDS", 0.01)
    with lease_held("save:1", seconds=60) as hold:
        assert hold
        answers = iter([OperationalError("away"), InterfaceError("closed"), None])

        def is_owned(name: str, token: uuid.UUID) -> bool:
            if error := next(answers):
                raise error
            return True

        monkeypatch.setattr(Lease.objects, "is_owned", is_owned)
        assert hold.outlast(seconds=5)
        assert next(answers, "none left") == "none left"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RECONNECT_SECONDS", 0.01)
    with lease_held("save:1", seconds=60) as hold:
        assert hold

        def away(name: str, token: uuid.UUID) -> bool:
            raise OperationalError("away")

        monkeypatch.setattr(Lease.objects, "is_owned", away)
        with pytest.raises(OperationalError):
            hold.outlast(seconds=0.05)
