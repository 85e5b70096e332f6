"""The fields of the order form, from nothing but the menu."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django import forms

from generations.forms.orders import OrderForm
from generations.providers import offers
from generations.providers.menu import Offer
from generations.providers.parameters import Choice, Text, WholeNumber

pytestmark = pytest.mark.django_db
INVENTED = Offer(
    provider="apixo",
    model="kling-9",
    mode="text-to-video",
    parameters={
        "prompt": Text(max_length=9),
        "duration": WholeNumber(minimum=3, maximum=15, unit="seconds", required=True, default=4),
        "made_up": Choice(values=("still", "pan"), required=True),
    },
    rules=(lambda order: [("made_up", "a still one needs a prompt")] if not order.prompt else [],),
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
    field = OrderForm().fields["made_up"]
    assert isinstance(field.widget, forms.Select)
    assert list(field.widget.choices) == [("", "Provider default"), ("still", "still"), ("pan", "pan")]
    seconds = [value for value, _ in OrderForm().fields["duration"].widget.choices]
    assert [value for value in seconds if value] == [str(number) for number in range(3, 16)]


def test_a_field_says_whose_limit_is_not_on_the_provider_s_page() -> None:
    stated = OrderForm().fields["negative_prompt"].stated  # type: ignore[attr-defined]
    assert stated == "Kling 2.1 on APIXO: limit read on an older page of the provider."
    assert OrderForm().fields["made_up"].stated == ""  # type: ignore[attr-defined]
    assert "Kling 2.6 on Apikley, Kling 3.0 Turbo on APIXO: limit" in OrderForm().fields["end_image"].stated  # type: ignore[attr-defined]


def test_what_is_chosen_is_ordered_with_the_offer_s_own_default() -> None:
    good = form(made_up="pan")
    assert good.is_valid()
    assert good.order().parameters == {"prompt": "gulls", "made_up": "pan", "duration": 4}


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({}, "made_up", "is required: still or pan"),
        ({"made_up": "crane"}, "made_up", "kling-9 on APIXO takes still or pan, not crane"),
        ({"made_up": "pan", "duration": "16"}, "duration", "kling-9 on APIXO takes 3 to 15 seconds, not 16"),
        ({"made_up": "pan", "sound": "true"}, "sound", "kling-9 on APIXO takes no sound: leave it out"),
        ({"made_up": "pan", "prompt": ""}, "made_up", "a still one needs a prompt"),
    ],
)
def test_every_rule_of_the_entry_shows_at_its_field(data: dict[str, str], field: str, words: str) -> None:
    assert form(**data).errors == {field: [words]}
