"""The sentences, the JSON of webhooks, and where both lead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_django import Settings

from generations.models import BudgetEvent, Happening, NoticeKind, Pause, Status
from generations.notices import wording
from generations.notices.deriving import derive
from tests.factories import NOW, a_budget, a_prompt, a_task
from tests.notices.telling import a_batch, fail

pytestmark = pytest.mark.django_db


def test_each_kind_has_a_sentence_that_names_what_it_is_about() -> None:
    prompt = a_prompt(title="Fox {x}")
    fail(None, prompt=prompt)
    a_task(Status.SUBMITTING, prompt=prompt).move(Status.UNCONFIRMED, "no answer", at=NOW, due_at=NOW)
    a_task(Status.RUNNING, prompt=prompt).move(Status.LOST, "gone", at=NOW)
    a_batch(None, Status.STORED, Status.FAILED)
    BudgetEvent.objects.create(budget=a_budget("10"), at=NOW, percent=80, note="80 %")
    Pause.objects.create(provider="apixo", reason="401: bad key.", paused_at=NOW)
    Happening.objects.create(
        key="x", kind=NoticeKind.ENDPOINT, at=NOW, page="endpoint", row=1, facts={"name": "a.example", "reason": "404"}
    )
    derive(at=NOW)
    assert {wording.sentence(each) for each in Happening.objects.all()} == {
        "“Fox {x}” failed and was not charged: the prompt was refused",
        "Nobody knows whether the order “Fox {x}” was accepted. Its money stays reserved: decide.",
        "The clip of “Fox {x}” is charged and could not be stored. Check with the provider once more.",
        "An order of the batch “Autumn” failed and was not charged: it ended",
        "The batch “Autumn” has ended: 1 of 2 clips are stored, 1 failed.",
        "80 % of the budget “Whole site, in total” is reserved or spent. Its limit is $10.00.",
        "Orders to APIXO are paused: 401: bad key",
        "The webhook to a.example was switched off: 404",
    }
    assert {wording.path(each).startswith("/admin/") for each in Happening.objects.all()} == {True}
    assert {json.loads(wording.body(each))["type"] for each in Happening.objects.all()} == set(wording.TYPES.values())


def test_the_json_says_what_happened_when_and_where(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://studio.example"
    task = fail(None)
    derive(at=NOW)
    happening = Happening.objects.get()
    found: dict[str, Any] = json.loads(wording.body(happening))
    assert found == {
        "type": "order.failed",
        "timestamp": NOW.isoformat(),
        "data": {
            "id": happening.pk,
            "text": "“a lighthouse at dawn” failed and was not charged: the prompt was refused",
            "url": f"https://studio.example/admin/generations/generationtask/{task.pk}/change/",
            "practice": True,
            "name": "a lighthouse at dawn",
            "task": task.pk,
            "state": "failed",
            "error_kind": "",
            "reason": "the prompt was refused",
        },
    }


def test_without_a_public_address_there_is_no_link(settings: Settings) -> None:
    settings.PUBLIC_URL = ""
    fail(None)
    derive(at=NOW)
    assert json.loads(wording.body(Happening.objects.get()))["data"]["url"] is None
