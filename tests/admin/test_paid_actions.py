"""Orders of what was ordered before: each shows its receipt first, and is ordered once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from generations.models import GenerationTask, LedgerEntry, Status
from tests.admin.receipts import LIST, act, confirm, door, fields_of, press
from tests.factories import a_budget, a_continuation, a_price, a_task

Said = Callable[[Any], list[str]]


def new(*old: GenerationTask) -> list[GenerationTask]:
    return list(GenerationTask.objects.exclude(pk__in=[task.pk for task in old]).order_by("pk"))


def test_trying_again_shows_the_receipt_and_orders_nothing(buyer_client: Client) -> None:
    task = a_task(Status.FAILED)
    page = press(buyer_client, task, "again")
    assert page.context["button"] == "Order 1 clip, from $0.30"
    assert f"?like={task.pk}" in page.content.decode()
    assert new(task) == []


def test_trying_again_orders_a_new_task_and_leads_to_it(buyer_client: Client, said: Said) -> None:
    task = a_task(Status.FAILED)
    response = confirm(buyer_client, press(buyer_client, task, "again"))
    (again,) = new(task)
    assert again.retry_of == task
    assert response.redirect_chain[-1][0] == again.get_absolute_url()
    assert said(response) == [
        f"1 clip ordered as task {again.pk}. $0.30 of practice money reserved; the clip may cost more."
    ]


def test_trying_again_twice_orders_once(admin_client: Client, said: Said) -> None:
    task = a_task(Status.FAILED)
    pages = [press(admin_client, task, "again") for _ in range(2)]
    confirm(admin_client, pages[0])
    assert "nothing was ordered twice" in said(confirm(admin_client, pages[0]))[-1]
    assert "is its retry already" in confirm(admin_client, pages[1]).content.decode()
    assert len(new(task)) == 1


def test_a_task_under_way_is_not_tried_again(admin_client: Client) -> None:
    task = a_task(Status.RUNNING)
    page = press(admin_client, task, "again")
    text = page.content.decode()
    assert "only a failed task can be tried again" in text
    assert "Nothing was ordered. Nothing was charged." in text
    assert 'value="Order' not in text


def test_a_problem_cannot_be_passed_by_sending_the_token(admin_client: Client) -> None:
    task = a_task(Status.RUNNING)
    confirm(admin_client, press(admin_client, task, "again"))
    assert new(task) == []


def test_another_take_is_a_new_order_of_its_own(admin_client: Client, staff: User) -> None:
    task = a_task(Status.STORED)
    page = press(admin_client, task, "take")
    assert "You have 1 take of this, 0 approved: $0.30 spent. Another take costs from $0.30." in page.content.decode()
    confirm(admin_client, page)
    (take,) = new(task)
    assert (take.retry_of, take.ordered_by, take.prompt) == (None, staff, task.prompt)


def test_another_take_confirmed_twice_is_ordered_once(admin_client: Client) -> None:
    task = a_task(Status.STORED)
    page = press(admin_client, task, "take")
    for _ in range(2):
        confirm(admin_client, page)
    assert len(new(task)) == 1


def test_a_receipt_of_one_task_does_not_serve_another(admin_client: Client) -> None:
    one, other = a_task(Status.STORED), a_task(Status.STORED)
    data = fields_of(press(admin_client, one, "take"))
    assert admin_client.post(door(other, "take"), data, follow=True).context["why"]
    assert admin_client.post(door(one, "again"), data, follow=True).context["why"]
    assert new(one, other) == []


def test_another_take_of_a_price_that_changed_is_shown_again(admin_client: Client) -> None:
    task = a_task(Status.STORED)
    page = press(admin_client, task, "take")
    a_price("0.55", valid_from=timezone.localdate())
    again = confirm(admin_client, page)
    assert again.context["why"] == ["The price of one take of the order was $0.30, and is now $0.55."]
    confirm(admin_client, again)
    assert new(task)[0].price_usd == Decimal("0.55")


DRAFT: dict[str, Any] = {
    "model": "kling-2-1", "mode": "standard-image-to-video", "price_usd": Decimal("0.20"),
    "start_image_url": "https://example.com/frame.jpg",
}  # fmt: skip


def test_a_draft_is_promoted_with_the_difference_shown_first(admin_client: Client) -> None:
    task = a_task(Status.STORED, **DRAFT)
    choice = admin_client.get(task.get_absolute_url()).content.decode()
    assert "Kling 2.1, Master image to video: $1.00, $0.80 more" in choice
    page = press(admin_client, task, "promote", to="kling-2-1 master-image-to-video")
    assert "$0.80 more than" in page.content.decode()
    assert page.context["button"] == "Order 1 clip, $1.00"
    confirm(admin_client, page)
    (final,) = new(task)
    assert (final.promoted_from, final.price_usd, final.model) == (task, Decimal("1.00"), "kling-2-1")


def test_a_mode_that_is_no_way_is_not_promoted_to(admin_client: Client, said: Said) -> None:
    task = a_task(Status.STORED)
    response = press(admin_client, task, "promote", to="kling-2-1 standard-image-to-video")
    assert "no longer offered" in said(response)[0]
    assert new(task) == []


def test_trying_many_again_names_the_sum_and_what_is_left_out(buyer_client: Client) -> None:
    tasks = [a_task(Status.FAILED), a_task(Status.CANCELED), a_task(Status.RUNNING), a_task(Status.FAILED)]
    retry = a_task(Status.QUEUED, retry_of=tasks[3])
    page = act(buyer_client, "try_again", *tasks)
    assert page.context["button"] == "Order 2 clips, from $0.60"
    assert f"left out: task {retry.pk} is its retry already" in page.content.decode()
    assert new(*tasks, retry) == []


def test_trying_many_again_orders_what_the_receipt_says_once(buyer_client: Client, said: Said) -> None:
    tasks = [a_task(Status.FAILED), a_task(Status.FAILED)]
    page = act(buyer_client, "try_again", *tasks)
    response = confirm(buyer_client, page)
    assert said(response) == ["2 clips ordered. $0.60 of practice money reserved; the clips may cost more."]
    assert response.context["figures"].total == 2
    assert [task.retry_of for task in new(*tasks)] == tasks
    assert "nothing was ordered twice" in said(confirm(buyer_client, page))[-1]
    assert len(new(*tasks)) == 2


def test_the_receipt_of_many_takes_as_many_queries_as_of_two(
    buyer_client: Client, django_assert_max_num_queries: Any
) -> None:
    tasks = [a_continuation(Status.FAILED) for _ in range(12)]
    act(buyer_client, "try_again", *tasks[:2])
    with CaptureQueriesContext(connection) as few:
        act(buyer_client, "try_again", *tasks[:2])
    with django_assert_max_num_queries(len(few)):
        act(buyer_client, "try_again", *tasks)


def test_what_is_known_of_several_is_said_once(buyer_client: Client) -> None:
    a_task(Status.STORED)
    text = act(buyer_client, "try_again", a_task(Status.FAILED), a_task(Status.FAILED)).content.decode()
    assert text.count("You have 1 take of this") == 1


def test_those_tried_again_together_are_no_takes_of_each_other(buyer_client: Client) -> None:
    tasks = [a_task(Status.FAILED), a_task(Status.FAILED)]
    confirm(buyer_client, act(buyer_client, "try_again", *tasks))
    assert len({task.batch for task in new(*tasks)}) == 2


def test_many_that_the_budget_does_not_carry_are_all_refused(buyer_client: Client) -> None:
    tasks = [a_task(Status.FAILED), a_task(Status.FAILED)]
    a_budget("0.50", at=timezone.now())
    page = act(buyer_client, "try_again", *tasks)
    assert "Over budget" in page.content.decode()
    confirm(buyer_client, page)
    assert new(*tasks) == []


def test_a_receipt_of_some_tasks_does_not_serve_others(buyer_client: Client) -> None:
    tasks = [a_task(Status.FAILED) for _ in range(3)]
    page = act(buyer_client, "try_again", *tasks[:2])
    again = confirm(buyer_client, page, _selected_action=[str(task.pk) for task in tasks])
    assert again.context["why"] == ["This receipt belongs to another order."]
    assert new(*tasks) == []


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_try_many_again_once(staff: User, client: Client) -> None:
    client.force_login(staff)
    a_price("0.30", valid_from=date(2026, 2, 1))
    tasks = [a_task(Status.FAILED), a_task(Status.FAILED)]
    data = fields_of(act(client, "try_again", *tasks))
    ready = threading.Barrier(3)
    answers: list[int] = []

    def click() -> None:
        mine = Client()
        mine.force_login(staff)
        ready.wait(10)
        answers.append(mine.post(LIST, data).status_code)
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 3
    assert len(new(*tasks)) == 2
    assert LedgerEntry.objects.filter(kind="hold", task__in=new(*tasks)).count() == 2


def test_the_receipt_s_links_lead_back(admin_client: Client) -> None:
    task = a_task(Status.FAILED)
    text = press(admin_client, task, "again").content.decode()
    assert task.get_absolute_url() in text
    assert reverse("admin:generations_generationtask_changelist") in text
