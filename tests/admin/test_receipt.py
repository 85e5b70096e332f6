"""The receipt page: all that is to know before the click, and one order for any number of clicks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from generations.lifecycle import ordering
from generations.models import Budget, GenerationTask, LedgerEntry, Prompt, ReferenceImage, Review, Session, Status
from generations.money.limits import set_limit
from generations.receipts import signed
from tests.admin.receipts import a_picture, confirm, door, fields_of, filled, url
from tests.factories import a_budget, a_campaign, a_price, a_prompt, a_task, a_video, an_image

Said = Callable[[Any], list[str]]


def preview(client: Client, of: Prompt, **changes: Any) -> Any:
    return client.post(url(of), filled(**changes), follow=True)


def now_budget(limit: str, **changes: Any) -> Budget:
    return a_budget(limit, at=timezone.now(), **changes)


def nothing_was_written() -> bool:
    return not GenerationTask.objects.exists() and not LedgerEntry.objects.exists()


def why(response: Any) -> list[str]:
    """What a receipt that comes again says has changed."""
    found: list[str] = response.context["why"]
    return found


def test_a_good_form_shows_its_receipt_and_orders_nothing(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), takes="3")
    text = page.content.decode()
    assert nothing_was_written()
    for words in ("Nothing is ordered yet", "$0.30 × 3", 'value="Order 3 clips, from $0.90"', "Change something",
                  "No budget limits this order", "APIXO: not read yet", "No worker is running"):  # fmt: skip
        assert words in text


def test_what_is_held_is_the_amount_on_the_button(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), takes="3")
    confirm(buyer_client, page)
    held = sum(entry.amount_usd or 0 for entry in LedgerEntry.objects.filter(kind="hold"))
    assert page.context["button"] == f"Order 3 clips, from ${held:.2f}"


def test_the_four_numbers_of_each_budget_and_what_is_left_after_it_are_shown(buyer_client: Client) -> None:
    now_budget("10")
    text = preview(buyer_client, a_prompt(), takes="3").content.decode()
    for words in ("Whole site, in total", "Estimated", "Reserved", "Spent", "Remaining", "$10.00", "$9.10"):
        assert words in text


def test_the_campaign_of_the_prompt_is_named_and_its_budget_counts(buyer_client: Client) -> None:
    campaign = a_campaign()
    now_budget("0.20", scope="campaign", campaign=campaign)
    page = preview(buyer_client, a_prompt(campaign=campaign))
    assert "Over budget" in page.content.decode()
    assert page.context["form"].errors


def test_what_was_refused_before_and_what_is_owned_is_said_with_a_link(buyer_client: Client) -> None:
    failed = a_task(Status.FAILED, error_kind="content", error_message="too dark")
    video = a_video()
    type(video).objects.update(review=Review.APPROVED, reviewed_at=timezone.now())
    text = preview(buyer_client, a_prompt()).content.decode()
    assert "too dark" in text
    assert failed.get_absolute_url() in text
    assert "You have 1 take of this, 1 approved: $0.30 spent. Another take costs from $0.30." in text


def test_an_uploaded_picture_travels_as_a_number(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), mode="image-to-video", start_image=a_picture())
    image = ReferenceImage.objects.get()
    assert fields_of(page)["start_image_kept"] == [str(image.pk)]
    confirm(buyer_client, page)
    assert GenerationTask.objects.get().start_image == image


def test_changing_something_brings_every_field_back(buyer_client: Client) -> None:
    prompt = a_prompt()
    data = {"prompt": "my words\nin two lines", "mode": "image-to-video", "takes": "4", "spend_at_most": "5",
            "stops_when_approved": "on", "cfg_scale": "0.5", "start_image": a_picture()}  # fmt: skip
    page = preview(buyer_client, prompt, **data)
    form = buyer_client.get(page.context["change_url"]).context["form"]
    names = ("prompt", "mode", "takes", "spend_at_most", "stops_when_approved", "cfg_scale", "start_image_kept")
    kept = str(ReferenceImage.objects.get().pk)
    assert [form[name].value() for name in names] == [
        "my words\nin two lines", "image-to-video", "4", "5", "on", "0.5", kept,
    ]  # fmt: skip
    assert not form.errors
    assert nothing_was_written()


def test_takes_are_trimmed_to_the_amount_and_the_rule_is_said(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), takes="5", spend_at_most="1.00")
    text = page.content.decode()
    assert "so 3 of 5 takes are ordered. The last takes are dropped first: 2, which would have cost $0.60." in text
    assert page.context["button"] == "Order 3 clips, from $0.90"
    confirm(buyer_client, page)
    assert GenerationTask.objects.count() == 3


@pytest.mark.parametrize("amount", ["-1", "0", "NaN", "Infinity", "1e5", "1000001", "ten", "0.00001", "1_0", "٣"])
def test_an_amount_that_is_none_is_refused_at_its_field(buyer_client: Client, amount: str) -> None:
    page = preview(buyer_client, a_prompt(), spend_at_most=amount)
    assert "an amount in USD, more than 0 and at most $1,000,000.00" in page.context["form"].errors["spend_at_most"][0]
    assert nothing_was_written()


def test_an_amount_that_pays_for_nothing_is_refused_with_the_numbers(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), spend_at_most="0.10")
    text = page.content.decode()
    assert "$0.10 at most, and one take costs $0.30: no take fits" in page.context["form"].errors["spend_at_most"][0]
    assert "Nothing was charged" in text
    assert nothing_was_written()


def test_takes_may_be_ordered_to_stop_once_one_is_approved(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), takes="2", stops_when_approved="on")
    assert "Once one take is approved" in page.content.decode()
    confirm(buyer_client, page)
    assert set(GenerationTask.objects.values_list("stops_when_approved", flat=True)) == {True}


def test_a_receipt_that_is_confirmed_twice_orders_once_and_says_so(buyer_client: Client, said: Said) -> None:
    page = preview(buyer_client, a_prompt(), takes="2")
    confirm(buyer_client, page)
    response = confirm(buyer_client, page)
    assert GenerationTask.objects.count() == LedgerEntry.objects.filter(kind="hold").count() == 2
    assert "nothing was ordered twice" in said(response)[-1]


def test_a_second_tab_of_the_same_form_orders_once(buyer_client: Client) -> None:
    prompt, data = a_prompt(), filled()
    tabs = [buyer_client.post(url(prompt), data, follow=True) for _ in range(2)]
    for tab in tabs:
        confirm(buyer_client, tab)
    assert GenerationTask.objects.count() == 1


def test_a_replay_after_the_price_changed_says_that_it_was_ordered(buyer_client: Client, said: Said) -> None:
    page = preview(buyer_client, a_prompt())
    confirm(buyer_client, page)
    a_price("0.90", valid_from=timezone.localdate())
    assert "nothing was ordered twice" in said(confirm(buyer_client, page))[-1]
    assert GenerationTask.objects.count() == 1


def test_a_price_that_changed_shows_the_receipt_again(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), takes="2")
    a_price("0.40", valid_from=timezone.localdate())
    again = confirm(buyer_client, page)
    assert nothing_was_written()
    assert why(again) == ["The price of one take of the order was $0.30, and is now $0.40."]
    assert "Nothing was ordered. Nothing was charged." in again.content.decode()
    assert again.context["button"] == "Order 2 clips, $0.80"
    confirm(buyer_client, again)
    assert set(GenerationTask.objects.values_list("price_usd", flat=True)) == {Decimal("0.40")}


def test_a_budget_that_changed_shows_the_receipt_again(buyer_client: Client) -> None:
    now_budget("10")
    page = preview(buyer_client, a_prompt())
    set_limit(scope="site", period="total", limit_usd=Decimal("0.10"), at=timezone.now())
    again = confirm(buyer_client, page)
    assert nothing_was_written()
    assert "was $10.00, and is now $0.10" in why(again)[0]
    assert "Over budget" in why(again)[1]
    assert 'value="Order' not in again.content.decode()


def test_money_that_others_took_meanwhile_changes_how_many_fit(buyer_client: Client) -> None:
    now_budget("1.00")
    page = preview(buyer_client, a_prompt(), takes="3", spend_at_most="5")
    a_task(Status.QUEUED, created_at=timezone.now())
    again = confirm(buyer_client, page)
    assert GenerationTask.objects.count() == 1
    assert why(again) == ["Takes that fit were 3, and are now 2."]


def test_what_the_hold_refuses_at_the_last_moment_shows_the_receipt_again(
    buyer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the hold another order takes what was left."""
    now_budget("0.50")
    page = preview(buyer_client, a_prompt())
    place = ordering.place

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(ordering, "place", place)
        raise ValidationError({"budget": ["Just taken."]})

    monkeypatch.setattr(ordering, "place", overtaken)
    again = confirm(buyer_client, page)
    assert nothing_was_written()
    assert why(again) == ["Just taken."]
    confirm(buyer_client, again)
    assert GenerationTask.objects.count() == 1


def test_an_old_receipt_is_shown_again(buyer_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = preview(buyer_client, a_prompt())
    monkeypatch.setattr(signed, "MAX_AGE", timedelta(seconds=-1))
    assert why(confirm(buyer_client, page)) == ["This receipt is more than an hour old."]
    assert nothing_was_written()


def test_someone_else_s_receipt_orders_nothing(buyer_client: Client, admin_client: Client) -> None:
    page = preview(buyer_client, a_prompt())
    assert why(confirm(admin_client, page)) == ["This receipt was made for someone else."]
    assert nothing_was_written()


@pytest.mark.parametrize("token", ["", "forged", "a:b:c", "\0"])
def test_a_forged_receipt_orders_nothing(buyer_client: Client, token: str) -> None:
    page = preview(buyer_client, a_prompt())
    assert why(confirm(buyer_client, page, receipt=token)) == [
        "This receipt was not made by this site, or was changed."
    ]
    assert nothing_was_written()


@pytest.mark.parametrize(
    "changes", [{"takes": "3"}, {"prompt": "other words"}, {"duration": "10"}, {"stops_when_approved": "on"},
                {"spend_at_most": "9"}],
)  # fmt: skip
def test_a_receipt_of_other_fields_orders_nothing(buyer_client: Client, changes: dict[str, str]) -> None:
    page = preview(buyer_client, a_prompt())
    assert why(confirm(buyer_client, page, **changes)) == ["This receipt belongs to another order."]
    assert nothing_was_written()


def test_a_receipt_of_another_prompt_s_page_orders_nothing(buyer_client: Client) -> None:
    page, other = preview(buyer_client, a_prompt()), a_prompt()
    assert why(buyer_client.post(url(other), fields_of(page), follow=True))
    assert nothing_was_written()


def test_a_viewer_sees_no_receipt(viewer_client: Client) -> None:
    assert preview(viewer_client, a_prompt()).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_order_once(staff: User, client: Client) -> None:
    client.force_login(staff)
    a_price("0.30", valid_from=date(2026, 2, 1))
    prompt = a_prompt()
    data = fields_of(preview(client, prompt, takes="3"))
    answers: list[int] = []
    ready = threading.Barrier(4)

    def click() -> None:
        mine = Client()
        mine.force_login(staff)
        ready.wait(10)
        answers.append(mine.post(url(prompt), data).status_code)
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 4
    assert GenerationTask.objects.count() == LedgerEntry.objects.filter(kind="hold").count() == 3


@pytest.mark.parametrize(("start", "label"), [("prompt", "Prompts"), ("new", "New clip"), ("task", "Tasks")])
def test_the_sidebar_marks_where_the_order_began(buyer_client: Client, start: str, label: str) -> None:
    if start == "task":
        page = buyer_client.post(door(a_task(Status.FAILED), "again"), follow=True)
    else:
        page = buyer_client.post(reverse("new_clip") if start == "new" else url(a_prompt()), filled(), follow=True)
    assert page.templates[0].name == "admin/generations/receipt.html"
    links = [link for section in page.context["sections"] for link in section.links]
    assert [(link.label, link.current) for link in links if link.current] == [(label, "true")]


def test_a_receipt_has_an_address_that_shows_it_again_and_changes_nothing(buyer_client: Client) -> None:
    page = preview(buyer_client, a_prompt(), takes="2")
    address = page.redirect_chain[-1][0]
    before = dict(Session.objects.values_list("pk", "session_data"))
    for _ in range(2):
        assert buyer_client.get(address).context["token"] == page.context["token"]
    assert dict(Session.objects.values_list("pk", "session_data")) == before
    assert nothing_was_written()


def test_a_receipt_s_address_is_its_person_s_alone(buyer_client: Client, admin_client: Client) -> None:
    address = preview(buyer_client, a_prompt()).redirect_chain[-1][0]
    assert admin_client.get(address).status_code == 404


def test_a_receipt_that_was_ordered_or_is_old_has_no_button(
    buyer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = a_prompt()
    page = preview(buyer_client, prompt)
    confirm(buyer_client, page)
    text = buyer_client.get(page.redirect_chain[-1][0]).content.decode()
    assert "This was ordered" in text
    assert GenerationTask.objects.get().get_absolute_url() in text
    assert 'value="Order' not in text
    old = preview(buyer_client, prompt).redirect_chain[-1][0]
    monkeypatch.setattr(signed, "MAX_AGE", timedelta(seconds=-1))
    text = buyer_client.get(old).content.decode()
    assert "more than an hour old" in text
    assert 'value="Order' not in text


def test_the_pictures_and_what_is_not_wanted_are_shown(buyer_client: Client) -> None:
    image = an_image()
    task = a_task(Status.STORED, model="kling-2-1", mode="pro-image-to-video", negative_prompt="<fog>",
                  start_image=image, end_image_url="https://example.com/end.png")  # fmt: skip
    page = buyer_client.post(door(task, "take"), follow=True)
    text = page.content.decode()
    assert "&lt;fog&gt;" in text
    assert f'<img class="input" src="{image.file.url}" alt="Start image"' in text
    assert "https://example.com/end.png" in text


def test_a_price_that_is_unknown_can_be_added_by_those_who_may(buyer_client: Client, admin_client: Client) -> None:
    task = a_task(Status.STORED, model="kling-2-6", sound=True)
    shown = admin_client.post(door(task, "take"), follow=True)
    (line,) = shown.context["lines"]
    assert f'<a class="under" href="{escape(line["add_price"])}">Add a price</a>' in shown.content.decode()
    assert "Add a price" not in buyer_client.post(door(task, "take"), follow=True).content.decode()
