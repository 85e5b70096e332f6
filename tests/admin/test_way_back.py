"""After an edit, a decision or an action one comes back to the list with the filters that it had."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.models import Batch, GenerationTask, LedgerEntry, Pause, Status
from generations.money.ledger import last_entry
from tests.admin.receipts import confirm, door, fields_of
from tests.factories import NOW, a_task, a_video

VIDEOS = reverse("admin:generations_video_changelist")
TASKS = reverse("admin:generations_generationtask_changelist")
FILTERS = "practice__exact=1&q=dawn"
LEDGER = reverse("admin:generations_ledgerentry_changelist")
MINE = f"{reverse('admin:queue')}?mine=1"
KEPT = urlencode({"_changelist_filters": FILTERS})


def test_a_clip_that_was_saved_leads_back_to_the_list_as_it_was(admin_client: Client) -> None:
    page = f"{reverse('admin:generations_video_change', args=[a_video().pk])}?{KEPT}"
    rows = admin_client.get(f"{VIDEOS}?{FILTERS}").content.decode()
    assert rows.count(f'href="{page}"') == 2  # its poster and its title
    assert f'<a href="{VIDEOS}?{FILTERS.replace("&", "&amp;")}">Videos</a>' in admin_client.get(page).content.decode()
    saved = admin_client.post(page, {"title": "Harbour", "description": ""})
    assert saved["Location"] == f"{VIDEOS}?{FILTERS}"


def test_a_decision_on_a_clip_keeps_them(admin_client: Client) -> None:
    video = a_video()
    page = reverse("admin:generations_video_change", args=[video.pk])
    judge = f"{reverse('admin:generations_video_judge', args=[video.pk])}?{KEPT}"
    assert f'action="{judge}"' in admin_client.get(f"{page}?{KEPT}").content.decode()
    for verdict in ("approved", "nonsense"):
        assert admin_client.post(judge, {"verdict": verdict})["Location"] == f"{page}?{KEPT}"


def test_an_action_on_a_task_keeps_them(admin_client: Client) -> None:
    task = a_task(Status.QUEUED)
    cancel = f"{reverse('admin:generations_task_cancel', args=[task.pk])}?{KEPT}"
    page = admin_client.get(f"{task.get_absolute_url()}?{KEPT}").content.decode()
    assert f'action="{cancel}"' in page
    live = f"{reverse('admin:generations_generationtask_live', args=[task.pk])}?{KEPT}"
    assert f'data-live-url="{live}"' in page
    assert f'action="{cancel}"' in admin_client.get(live).content.decode()
    assert admin_client.post(cancel)["Location"] == f"{task.get_absolute_url()}?{KEPT}"


def test_balances_are_read_and_the_list_keeps_its_filters(admin_client: Client) -> None:
    now = reverse("admin:generations_balancereading_now")
    back = admin_client.post(f"{now}?provider=apixo")["Location"]
    assert back == f"{reverse('admin:generations_balancereading_changelist')}?provider=apixo"


def try_again(client: Client, *tasks: GenerationTask) -> Any:
    chosen = {"action": "try_again", "_selected_action": [task.pk for task in tasks]}
    return client.post(f"{TASKS}?{FILTERS}", chosen, follow=True)


def test_a_receipt_of_the_list_and_what_it_ordered_lead_back_to_it(admin_client: Client) -> None:
    tasks = [a_task(Status.FAILED), a_task(Status.FAILED)]
    page = try_again(admin_client, *tasks)
    assert page.context["leave_url"] == page.context["back"][0][1] == f"{TASKS}?{FILTERS}"
    batch = confirm(admin_client, page)
    assert batch.redirect_chain[-1][0] == f"{Batch.objects.get().get_absolute_url()}?{KEPT}"
    assert f'<a href="{TASKS}?{FILTERS.replace("&", "&amp;")}">Tasks</a>' in batch.content.decode()
    stop = f"{reverse('batch_stop', args=[Batch.objects.get().pk])}?{KEPT}"
    assert f'action="{stop}"' in batch.content.decode()
    assert admin_client.post(stop)["Location"] == batch.redirect_chain[-1][0]


def test_all_that_match_are_tried_again_and_no_others(admin_client: Client) -> None:
    dawn = [a_task(Status.FAILED, prompt_text="at dawn") for _ in range(2)]
    a_task(Status.FAILED, prompt_text="at dusk")
    a_task(Status.RUNNING, prompt_text="at dawn")
    chosen = {"action": "try_again", "select_across": "1", "_selected_action": [dawn[0].pk]}
    page = admin_client.post(f"{TASKS}?{FILTERS}", chosen, follow=True)
    assert [line["task"] for line in page.context["lines"]] == list(map(str, dawn))
    confirm(admin_client, page)
    assert set(GenerationTask.objects.exclude(retry_of=None).values_list("retry_of", flat=True)) == {
        task.pk for task in dawn
    }


def test_several_batches_that_are_tried_again_lead_back_to_the_list(admin_client: Client, said: Any) -> None:
    made = [Batch.objects.create(name=name, created_at=NOW) for name in ("Autumn", "Winter")]
    tasks = [a_task(Status.FAILED, order_batch=batch) for batch in made]
    response = confirm(admin_client, try_again(admin_client, *tasks))
    assert response.redirect_chain[-1][0] == f"{TASKS}?{FILTERS}"
    new = GenerationTask.objects.exclude(pk__in=[task.pk for task in tasks])
    which = ",".join(str(task.pk) for task in new.order_by("pk"))
    assert said(response)[-1] == f'<a href="{TASKS}?id__in={which}">See the tasks</a>'


@pytest.mark.parametrize("verb", ["again", "take"])
def test_an_order_from_a_task_keeps_them(admin_client: Client, verb: str) -> None:
    task = a_task(Status.FAILED if verb == "again" else Status.STORED)
    page = admin_client.post(f"{door(task, verb)}?{KEPT}", follow=True)
    assert [url for _name, url in page.context["back"]] == [
        f"{TASKS}?{FILTERS}", f"{task.get_absolute_url()}?{KEPT}"
    ]  # fmt: skip
    ordered = admin_client.post(page.context["form_url"], fields_of(page))
    assert ordered["Location"] == f"{GenerationTask.objects.latest('pk').get_absolute_url()}?{KEPT}"


def test_a_correction_leads_back_to_the_ledger_or_to_the_task(admin_client: Client) -> None:
    task = a_task(Status.STORED)
    sent = {"amount": "-0.10", "reason": "their credit note"}
    ledger, page = f"{LEDGER}?kind__exact=charge", f"{task.get_absolute_url()}?{KEPT}"
    for here in (ledger, page):
        correct = f"{reverse('admin:generations_ledgerentry_correct', args=[task.pk])}?{urlencode({'next': here})}"
        assert correct.split("next=")[0] in admin_client.get(here).content.decode()
        assert f'href="{here.replace("&", "&amp;")}">No, take me back' in admin_client.get(correct).content.decode()
        assert admin_client.post(correct, {**sent, "after": last_entry(task)})["Location"] == here
    assert LedgerEntry.objects.filter(kind="adjust").count() == 2


def test_prices_that_are_applied_lead_back_to_the_ledger_as_it_was(admin_client: Client) -> None:
    a_task(Status.STORED, price_usd=None)
    here = f"{LEDGER}?unpriced=yes"
    apply = f"{reverse('admin:generations_ledgerentry_value')}?{urlencode({'next': here}, safe='/')}"
    assert f'action="{apply}"' in admin_client.get(here).content.decode()
    assert admin_client.post(apply)["Location"] == here


@pytest.mark.parametrize("here", [MINE, reverse("admin:index")])
def test_resumed_orders_lead_back_to_where_that_was_chosen(admin_client: Client, here: str) -> None:
    pause = Pause.objects.create(provider="apixo", reason="401", paused_at=NOW)
    resume = f"{reverse('admin:generations_pause_delete', args=[pause.pk])}?{urlencode({'next': here}, safe='/')}"
    assert f'href="{resume}"' in admin_client.get(here).content.decode()
    assert f'href="{here}">No, leave them paused' in admin_client.get(resume).content.decode()
    assert admin_client.post(resume, {"post": "yes"})["Location"] == here


def test_only_mine_survives_what_is_done_in_the_queue(admin_client: Client, staff: User) -> None:
    task = a_task(Status.QUEUED, ordered_by=staff)
    page = admin_client.get(MINE).content.decode()
    kept = urlencode({"next": MINE}, safe="/")
    for name, data in (("move", {"to": "front", "task": task.pk}), ("pause", {"scope": "all", "reason": "lunch"})):
        door = f"{reverse(f'admin:queue_{name}')}?{kept}"
        assert f'action="{door}"' in page
        assert admin_client.post(door, data)["Location"] == MINE
    for which in (f"task={task.pk}", "mine=1"):
        cancel = f"{reverse('admin:queue_cancel')}?{which}&{kept}"
        assert f'href="{cancel.replace("&", "&amp;")}"' in page
    asked = admin_client.get(cancel)
    assert f'href="{MINE}">No, leave them' in asked.content.decode()
    door = f"{reverse('admin:queue_cancel')}?{kept}"
    assert f'action="{door}"' in asked.content.decode()
    assert admin_client.post(door, dict(asked.context["hidden"]))["Location"] == MINE


def test_the_way_back_never_leaves_this_site(admin_client: Client) -> None:
    move = f"{reverse('admin:queue_move')}?next=https://example.com/"
    moved = admin_client.post(move, {"to": "front", "task": a_task(Status.QUEUED).pk})
    assert moved["Location"] == reverse("admin:queue")
