"""The form of a price, where no page and no command shows it: more in tests/admin and tests/commands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generations.forms.prices import PriceForm
from tests.factories import a_price

pytestmark = pytest.mark.django_db


def a_form(**changes: str) -> PriceForm:
    data = {
        "provider": "apixo", "model": "kling-2-5-turbo-pro", "mode": "text-to-video", "duration_seconds": "5",
        "usd": "0.35", "sound": "unknown", "route": "", "valid_from": "2026-11-20", "source": "the price list",
    }  # fmt: skip
    return PriceForm(data | changes)


def test_a_newer_price_for_the_same_is_good() -> None:
    assert a_form().is_valid()


def test_a_price_may_begin_within_a_year() -> None:
    today = timezone.localdate()
    assert a_form(valid_from=str(today + timedelta(days=366))).is_valid()
    assert list(a_form(valid_from=str(today + timedelta(days=367))).errors) == ["valid_from"]


def test_the_sound_of_silent_models_has_no_price() -> None:
    assert a_form(sound="true").errors == {"sound": ["Kling 2.5 Turbo Pro on APIXO takes no sound: leave it empty."]}


def test_a_second_price_from_the_same_day_names_the_first() -> None:
    a_price("0.30", valid_from=timezone.localdate(), source="the first list")
    (text,) = a_form(valid_from=str(timezone.localdate())).errors["valid_from"]
    assert "$0.30 (the first list)" in text
    assert "Prices are never changed" in text


def test_a_price_for_one_route_may_begin_on_the_day_of_one_for_any() -> None:
    a_price("0.30", model="kling-2-6", valid_from=timezone.localdate())
    form = a_form(model="kling-2-6", route="official", valid_from=str(timezone.localdate()))
    assert form.is_valid()
