"""Orders: all problems at once, all rows or none, and money held for each."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from pytest_django import Settings

from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest, Upload
from generations.media.images import CleanImage
from generations.models import EntryKind, GenerationTask, LedgerEntry, Price, Prompt, ReferenceImage, Status
from generations.providers.base import Order, Value
from tests.factories import NOW, a_budget, a_price, a_task, an_order, configure

pytestmark = pytest.mark.django_db

URL = "https://example.com/a.png"
PICTURE = Upload(CleanImage(content=b"picture", extension="png", width=64, height=64), "cat.png")


def test_an_order_is_rows_and_holds(staff: User) -> None:
    tasks = ordering.place([OrderRequest(an_order(), takes=3)], at=NOW, by=staff)
    assert [task.take for task in tasks] == [1, 2, 3]
    assert {task.status for task in tasks} == {Status.QUEUED}
    assert {task.price_usd for task in tasks} == {Decimal("0.30")}
    assert LedgerEntry.objects.filter(kind=EntryKind.HOLD).count() == 3
    assert tasks[0].events.get().by == staff


def test_the_price_is_frozen_when_it_is_ordered() -> None:
    (task,) = ordering.place([OrderRequest(an_order())], at=NOW)
    Price.objects.update(usd=Decimal("9.99"))
    task.refresh_from_db()
    assert task.price_usd == Decimal("0.30")
    assert LedgerEntry.objects.get().amount_usd == Decimal("0.30")


def test_an_unknown_price_is_unknown_and_not_zero() -> None:
    (task,) = ordering.place([OrderRequest(an_order(model="kling-2-6", sound=True))], at=NOW)
    assert task.price_usd is None
    assert LedgerEntry.objects.get().amount_usd is None


def test_orders_without_words_share_a_prompt_named_after_what_makes_them() -> None:
    def ordered(mode: str) -> Prompt:
        chosen: dict[str, Value] = {"images": ("https://example.com/a.png",), "video": "https://example.com/a.mp4"}
        order = Order(provider="apixo", model="kling-3-0-std", mode=mode, parameters=chosen, video_seconds=5)
        return ordering.place([OrderRequest(order)], at=NOW)[0].prompt

    first = ordered("motion-control")
    assert (first.name, first.text) == ("Kling 3.0 Std motion control", "")
    assert ordered("motion-control") == first
    assert ordered("image-to-video") != first


def test_the_same_words_are_the_same_prompt() -> None:
    first = ordering.place([OrderRequest(an_order())], at=NOW)[0]
    second = ordering.place([OrderRequest(an_order())], at=NOW)[0]
    assert first.prompt == second.prompt
    assert ordering.place([OrderRequest(an_order(negative_prompt="fog"))], at=NOW)[0].prompt != first.prompt


def test_a_form_that_is_sent_twice_orders_once() -> None:
    batch = uuid.uuid4()
    first = ordering.place([OrderRequest(an_order(), takes=2)], at=NOW, batch=batch)
    second = ordering.place([OrderRequest(an_order(), takes=2)], at=NOW, batch=batch)
    assert [task.pk for task in first] == [task.pk for task in second]
    assert LedgerEntry.objects.count() == 2


def test_every_problem_is_told_at_once() -> None:
    bad = an_order(duration_seconds=7, aspect_ratio="4:3", cfg_scale=Decimal(2), sound=True)
    found = ordering.problems(OrderRequest(bad, takes=0, images={"start_image": PICTURE}))
    assert set(found) == {"duration", "aspect_ratio", "cfg_scale", "sound", "takes", "start_image"}


def test_of_several_requests_all_are_ordered_or_none() -> None:
    a_budget("0.50")
    requests = [
        OrderRequest(an_order(mode="image-to-video"), images={"start_image": PICTURE}),
        OrderRequest(an_order()),
    ]
    with pytest.raises(ValidationError, match="Over budget"):
        ordering.place(requests, at=NOW)
    for rows in (GenerationTask, LedgerEntry, ReferenceImage, Prompt):
        assert not rows._default_manager.exists()


def test_what_is_held_is_the_price_that_was_shown_or_nothing_is_written() -> None:
    request, shown = OrderRequest(an_order(), takes=2), [Decimal("0.30")]
    a_price("0.31", valid_from=NOW.date())
    with pytest.raises(ValidationError, match="price has just changed"):
        ordering.place([request], at=NOW, shown=shown)
    assert not GenerationTask.objects.exists()
    assert not LedgerEntry.objects.exists()
    tasks = ordering.place([request], at=NOW, shown=[Decimal("0.31")])
    assert [entry.amount_usd for entry in LedgerEntry.objects.filter(task__in=tasks)] == [Decimal("0.31")] * 2


def test_a_picture_is_kept_once_and_offered_at_a_signed_link() -> None:
    order = an_order(mode="image-to-video")
    first = ordering.place([OrderRequest(order, images={"start_image": PICTURE})], at=NOW)[0]
    second = ordering.place([OrderRequest(order, images={"start_image": PICTURE})], at=NOW)[0]
    assert first.start_image == second.start_image
    assert first.start_image and first.start_image.original_name == "cat.png"
    assert first.order().start_image.startswith("http://127.0.0.1:8000/reference/")


@pytest.mark.parametrize(
    ("public_url", "words"),
    [("", "PUBLIC_URL is not set"), ("http://127.0.0.1:8000", "cannot reach"), ("http://10.1.2.3", "cannot reach")],
)
def test_a_picture_that_the_provider_cannot_fetch_is_refused_before_the_order(
    public_url: str, words: str, settings: Settings
) -> None:
    settings.PRACTICE, settings.PUBLIC_URL = False, public_url
    configure(settings, "apixo", api_key="key", base_url="https://api.apixo.ai/api/v1")
    request = OrderRequest(an_order(mode="image-to-video"), images={"start_image": PICTURE})
    assert words in ordering.problems(request)["start_image"][0]


def test_a_public_site_offers_its_pictures_to_a_real_provider(settings: Settings) -> None:
    settings.PRACTICE, settings.PUBLIC_URL = False, "https://studio.example.com"
    configure(settings, "apixo", api_key="key", base_url="https://api.apixo.ai/api/v1")
    assert not ordering.problems(OrderRequest(an_order(mode="image-to-video"), images={"start_image": PICTURE}))


def test_a_picture_of_a_kind_that_the_provider_does_not_take_is_refused_before_the_order() -> None:
    webp = Upload(CleanImage(content=b"picture", extension="webp", width=64, height=64), "cat.webp")
    order = an_order(provider="apikley", model="kling-2-6", mode="image-to-video", sound=False)
    assert ordering.problems(OrderRequest(order, images={"start_image": PICTURE})) == {}
    found = ordering.problems(OrderRequest(order, images={"start_image": webp}))
    assert found == {"start_image": ["Apikley takes jpg or png here, not webp"]}


def test_a_third_picture_is_refused_and_not_dropped() -> None:
    order = replace(an_order(mode="image-to-video"), parameters={**an_order().parameters, "images": (URL,) * 3})
    found = ordering.problems(OrderRequest(order))["end_image"]
    assert found == ["Kling 2.5 Turbo Pro on APIXO takes at most 2 pictures, not 3"]


@pytest.mark.parametrize(
    "url",
    [
        "http://[",
        "http://[::1",
        "http://℀.com/",
        "http://x.com:99999/a.png",
        "http://x.com:0/",
        "ftp://example.com/a.png",
        "example.com/a.png",
        "http://",
        "http://localhost/a.png",
        "https://10.0.0.1/a",
    ],
)
def test_a_picture_url_that_no_provider_can_fetch_is_refused(url: str, settings: Settings) -> None:
    configure(settings, "apixo", base_url="https://api.apixo.ai/api/v1")
    found = ordering.problems(OrderRequest(an_order(mode="image-to-video", start_image=url)))
    assert list(found) == ["start_image"]


def test_without_its_own_key_nothing_can_be_ordered_for_real_at_a_provider(settings: Settings) -> None:
    settings.PRACTICE = False
    configure(settings, "apixo", api_key="")
    assert "APIXO_API_KEY" in str(ordering.problems(OrderRequest(an_order()))["provider"])
    there = an_order(provider="apikley", model="kling-2-6", sound=False, aspect_ratio="16:9")
    assert ordering.problems(OrderRequest(there)) == {}


def test_an_order_that_waits_can_be_taken_back_and_its_money_is_free(staff: User) -> None:
    task = a_task()
    assert ordering.cancel(task, at=NOW, by=staff)
    assert (task.status, task.due_at) == (Status.CANCELED, None)
    assert LedgerEntry.objects.filter(task=task, kind=EntryKind.RELEASE).exists()


@pytest.mark.parametrize("status", [status for status in Status if status != Status.QUEUED])
def test_what_was_sent_cannot_be_taken_back(status: Status, staff: User) -> None:
    assert not ordering.cancel(a_task(status), at=NOW, by=staff)


def test_a_cancel_that_comes_second_changes_nothing(staff: User) -> None:
    stale = a_task()
    GenerationTask.objects.get(pk=stale.pk).move(Status.SUBMITTING, "sent", at=NOW, due_at=NOW)
    assert not ordering.cancel(stale, at=NOW, by=staff)
    assert not LedgerEntry.objects.filter(kind=EntryKind.RELEASE).exists()


def test_an_order_that_was_sent_since_its_page_was_opened_and_waits_in_doubt_is_not_taken_back(staff: User) -> None:
    stale = a_task()
    GenerationTask.objects.filter(pk=stale.pk).update(maybe_accepted=True, send_count=1, attempts=1)
    assert not ordering.cancel(stale, at=NOW, by=staff)
    assert GenerationTask.objects.get().status == Status.QUEUED
