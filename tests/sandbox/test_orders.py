"""The accepted tasks, without HTTP."""

from decimal import Decimal

import pytest

from generations.sandbox.journal import Journal
from generations.sandbox.limits import RateLimit
from generations.sandbox.orders import Orders, Terms
from generations.sandbox.tasks import Clip, Task


@pytest.fixture
def orders(tmp_path, clock) -> Orders:
    terms = Terms("apixo", Decimal(1), in_flight=2, result_life_seconds=1000)
    return Orders(terms=terms, requests=RateLimit(9, 9), journal=Journal(tmp_path / "j"), now=clock)


def task(clock, name: str, *, price="0.3", prompt="x", clips=()) -> Task:
    return Task(name, "apixo", "kling-2-6", prompt, Decimal(price), clock(), 60.0, clips)


def test_a_task_is_not_successful_before_its_clip_is_rendered(orders, clock):
    clip = Clip("x", 640, 360, 5, False)
    waiting = task(clock, "a", clips=(clip,))
    orders.accept(waiting)
    clock.advance(100)
    orders.finish_due()
    assert waiting.phase(clock()) == "processing"
    orders.clip_rendered(clip)
    assert waiting.phase(clock()) == "success"
    assert waiting.finished_at == clock()


def test_a_task_ends_at_its_own_time_however_late_it_is_checked(orders, clock):
    done = task(clock, "a")
    orders.accept(done)
    clock.advance(5000)
    orders.finish_due()
    assert done.finished_at == done.created_at + 60


def test_one_clip_serves_all_tasks_that_wait_for_it(orders, clock):
    clip = Clip("x", 640, 360, 5, False)
    for name in "ab":
        orders.accept(task(clock, name, clips=(clip,)))
    clock.advance(100)
    orders.clip_rendered(clip)
    orders.finish_due()
    assert orders.balance() == Decimal("0.4")


def test_no_room_and_no_money_are_different_refusals(orders, clock):
    assert orders.accept(task(clock, "a", price="0.9")) == ""
    assert orders.accept(task(clock, "b", price="0.9")) == "no money"
    assert orders.accept(task(clock, "b", price="0.1")) == ""
    assert orders.accept(task(clock, "c", price="0")) == "full"


def test_each_end_is_reported_once(orders, clock):
    ended: list[str] = []
    orders.on_finished = lambda task: ended.append(task.id)
    orders.accept(task(clock, "a", prompt="[fail]"))
    orders.finish_now(orders.tasks["a"])
    clock.advance(100)
    orders.finish_due()
    assert ended == ["a"] and orders.balance() == 1


def test_results_expire_by_the_clock(orders, clock):
    orders.accept(task(clock, "a"))
    clock.advance(1059)
    orders.finish_due()
    assert not orders.is_expired(orders.tasks["a"])
    clock.advance(2)
    assert orders.is_expired(orders.tasks["a"])
