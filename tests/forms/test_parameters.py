"""The fields of the order form, from nothing but the menu."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django import forms

from generations.forms.orders import OrderForm
from generations.providers import offers
from generations.providers.offers import Offer
from generations.providers.parameters import Choice, Text, WholeNumber

pytestmark = pytest.mark.django_db
INVENTED = Offer(
    provider="apixo",
    model="kling-9",
    mode="text-to-video",
    parameters={
        "prompt": Text(max_length=9),
        "duration": WholeNumber(minimum=3, maximum=15, unit="seconds", required=True, default=4),
        "camera": Choice(values=("still", "pan"), required=True),
    },
    rules=(lambda order: [("camera", "a still camera needs a prompt")] if not order.prompt else [],),
    first_poll_seconds=1,
    poll_seconds=1,
    result_life_seconds=60,
    source="this test",
    read_on=date(2026, 11, 21),
)


@pytest.fixture(autouse=True)
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(offers.OFFERS, INVENTED.key, INVENTED)


def form(**data: Any) -> OrderForm:
    return OrderForm({"model": "kling-9", "mode": "text-to-video", "prompt": "gulls", **data})


def test_an_entry_in_the_menu_is_a_field_with_its_values() -> None:
    field = OrderForm().fields["camera"]
    assert isinstance(field.widget, forms.Select)
    assert list(field.widget.choices) == [("", "Provider default"), ("still", "still"), ("pan", "pan")]
    seconds = [value for value, _ in OrderForm().fields["duration"].widget.choices]
    assert [value for value in seconds if value] == [str(number) for number in range(3, 16)]


def test_what_is_chosen_is_ordered_with_the_offer_s_own_default() -> None:
    good = form(camera="pan")
    assert good.is_valid()
    assert good.order().parameters == {"prompt": "gulls", "camera": "pan", "duration": 4}


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({}, "camera", "is required: still or pan"),
        ({"camera": "crane"}, "camera", "kling-9 on APIXO takes still or pan, not crane"),
        ({"camera": "pan", "duration": "16"}, "duration", "kling-9 on APIXO takes 3 to 15 seconds, not 16"),
        ({"camera": "pan", "sound": "true"}, "sound", "kling-9 on APIXO takes no sound"),
        ({"camera": "pan", "prompt": ""}, "camera", "a still camera needs a prompt"),
    ],
)
def test_every_rule_of_the_entry_shows_at_its_field(data: dict[str, str], field: str, words: str) -> None:
    assert form(**data).errors == {field: [words]}
