"""The form of a price, where no page and no command shows it: more in tests/admin and tests/commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from generations.forms.prices import PriceForm, fields_for
from generations.models import Price
from generations.models.prices import Unit
from tests.factories import a_price
from tests.menu import TABLE, Row, full, good

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


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"usd": "0"}, {"usd": ["More than 0, unless it is free on purpose."]}),
        ({"usd": "0.0000", "is_minimum": "on"}, {"usd": ["More than 0, unless it is free on purpose."]}),
        ({"usd": "0.35", "is_free": "on"}, {"usd": ["0, as it is free on purpose, not $0.35."]}),
        (
            {"usd": "0", "is_free": "on", "is_minimum": "on"},
            {"is_minimum": ["What is free on purpose has no starting price."]},
        ),
        ({"usd": "0", "is_free": "on"}, {}),
    ],
)
def test_a_price_of_0_is_free_on_purpose_and_no_other_is(given: dict[str, str], errors: dict[str, list[str]]) -> None:
    assert a_form(**given).errors == errors


def test_a_second_price_from_the_same_day_names_the_first() -> None:
    a_price("0.30", valid_from=timezone.localdate(), source="the first list")
    (text,) = a_form(valid_from=str(timezone.localdate())).errors["valid_from"]
    assert "$0.30 (the first list)" in text
    assert "Prices are never changed" in text


def test_a_second_price_from_the_same_day_is_named_beside_what_else_is_wrong() -> None:
    a_price("0.30", valid_from=timezone.localdate())
    assert set(a_form(usd="0", source="", valid_from=str(timezone.localdate())).errors) == {
        "usd",
        "source",
        "valid_from",
    }


def test_a_price_for_one_route_may_begin_on_the_day_of_one_for_any() -> None:
    a_price("0.30", model="kling-2-6", valid_from=timezone.localdate())
    form = a_form(model="kling-2-6", route="official", valid_from=str(timezone.localdate()))
    assert form.is_valid()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
@pytest.mark.parametrize("chosen", [good, full])
def test_the_fields_for_an_order_make_its_price(row: Row, chosen: object) -> None:
    Price.objects.all().delete()
    order = replace(good(row) if chosen is good else full(row), video_seconds=4 if row.video else 0)
    today = timezone.localdate()
    form = PriceForm(fields_for(order) | {"usd": "0.35", "valid_from": str(today), "source": "a list"})
    assert form.is_valid(), form.errors
    price = form.save()
    assert Price.objects.best(order, on=today) == price
    assert price.unit == (Unit.CLIP if row.durations else Unit.SECOND)
    assert price.for_clip(order) == Decimal("0.35" if row.durations else "1.40")


def test_the_fields_name_what_a_page_prices_by_and_no_ratio() -> None:
    (row,) = [row for row in TABLE if row.key == ("apixo", "kling-3-0-turbo", "text-to-video")]
    assert fields_for(full(row))["settings"] == "resolution=1080p"
