"""`manage.py offers`: the menu for people and for programs."""

from __future__ import annotations

import json

import pytest

from generations.providers.offers import OFFERS
from tests.commands.running import output

pytestmark = pytest.mark.django_db


def test_the_menu_is_one_json_array_with_limits_waits_prices_and_source() -> None:
    rows = {(row["provider"], row["model"], row["mode"]): row for row in json.loads(output("offers", "--json"))}
    assert rows.keys() == OFFERS.keys()
    row = rows["apixo", "kling-2-5-turbo-pro", "text-to-video"]
    assert row["parameters"]["duration"].items() >= {"type": "integer", "required": True, "values": [5, 10]}.items()
    assert row["parameters"]["cfg_scale"].items() >= {"type": "decimal", "step": "0.1", "maximum": "1"}.items()
    assert (row["expected_seconds"], row["first_poll_seconds"], row["poll_seconds"]) == (
        {"5": [30, 45], "10": [45, 60]},
        30,
        5,
    )
    assert [price["usd"] for price in row["prices"]] == ["0.3000", "0.6000"]
    assert (row["source"], row["read_on"]) == ("APIXO documents, Kling 2.5 Turbo Pro", "2026-11-20")


def test_people_read_where_each_limit_was_found() -> None:
    out = output("offers")
    assert "Kling 2.6 on Apikley, Image to video: apikley kling-2-6 image-to-video" in out
    assert "images: a start image: jpg or png; required, limit read with another seller of the same model" in out
    assert "duration: 5 or 10 seconds; required, default 5" in out
