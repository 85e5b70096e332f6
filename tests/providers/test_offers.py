"""The menu against a table written from the documents, and every rule broken once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.providers.base import Order
from generations.providers.offers import OFFERS, find, problems
from generations.providers.words import alternatives
from tests.factories import order_of
from tests.menu import END, K21, K25, K26, START, TABLE, Broken, Row, broken_rules, full, good

rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
APIXO_HAS = alternatives(sorted({row.key[1] for row in TABLE if row.key[0] == "apixo"}))
BROKEN = [(row, broken) for row in TABLE for broken in broken_rules(row)]


def test_the_table_is_the_whole_menu() -> None:
    assert set(OFFERS) == {row.key for row in TABLE}


@rows
def test_an_offer_says_what_its_page_says(row: Row) -> None:
    offer = OFFERS[row.key]
    has: dict[str, Any] = dict(offer.parameters)
    assert (has["prompt"].required, has["prompt"].max_length) == (row.prompt_required, row.prompt)
    assert ("video" in has, "duration" in has) == (row.video, bool(row.durations))
    if row.durations:
        assert [int(value) for value, _ in has["duration"].options()] == [*row.durations]
        assert has["duration"].default == row.duration_default
    for name, other in row.others.items():
        assert has[name].required == other.required
        assert [value for value in other.takes if has[name].problem(value)] == []
        listed = [value for value, _ in has[name].options()]
        assert listed in ([], [str(value).lower() for value in other.takes])
    assert ("aspect_ratio" in has, "sound" in has, "cfg_scale" in has) == (bool(row.ratios), row.sound, row.cfg)
    if row.ratios:
        assert (has["aspect_ratio"].values, has["aspect_ratio"].required) == (row.ratios, row.ratio_required)
    pictures = has.get("images")
    images = (pictures.min_items if pictures.required else 0, pictures.max_items) if pictures else (0, 0)
    assert (images, offer.image_formats or row.formats) == (row.images, row.formats)
    assert (has["negative_prompt"].max_length if row.negative else "negative_prompt" in has) == (row.negative or False)
    assert (has["route"].values if row.routes else "route" in has) == (row.routes or False)
    assert (offer.expected_seconds, offer.first_poll_seconds) == (row.takes, row.first_poll)
    assert (offer.poll_seconds, offer.result_life_seconds) == (5, row.life)


@rows
def test_an_offer_names_its_source_and_its_day(row: Row) -> None:
    assert OFFERS[row.key].source and OFFERS[row.key].read_on.year >= 2026


@rows
def test_an_offer_is_found_by_its_key(row: Row) -> None:
    assert find(*row.key) is OFFERS[row.key] and OFFERS[row.key].key == row.key


@pytest.mark.parametrize("key", [("apixo", K26, "standard"), ("apixo", "kling-3", "text-to-video"), ("", "", "")])
def test_nothing_is_found_under_another_key(key: tuple[str, str, str]) -> None:
    assert find(*key) is None


@rows
def test_the_least_order_is_fine(row: Row) -> None:
    assert problems(good(row)) == {}


@rows
def test_the_fullest_order_is_fine(row: Row) -> None:
    assert problems(full(row)) == {}


@rows
def test_every_duration_ratio_and_route_is_fine(row: Row) -> None:
    for seconds in row.durations:
        assert problems(good(row, duration_seconds=seconds)) == {}
    for ratio in row.ratios:
        assert problems(good(row, aspect_ratio=ratio)) == {}
    for route in row.routes:
        assert problems(good(row, route=route)) == {}


@pytest.mark.parametrize("value", ["0", "0.0", "0.1", "0.10", "0.3", "0.5", "0.6", "0.7", "0.9", "1", "1.0", "1E-1"])
def test_guidance_in_steps_is_fine(value: str) -> None:
    assert problems(good(TABLE[2], cfg_scale=Decimal(value))) == {}


@pytest.mark.parametrize(("row", "broken"), BROKEN, ids=[f"{row.name}-{broken.rule}" for row, broken in BROKEN])
def test_a_broken_rule_shows_at_its_field_and_in_its_words(row: Row, broken: Broken) -> None:
    ((field, (text,)),) = problems(good(row, **broken.changes)).items()
    assert (field, text.partition(" (limit read")[0]) == (broken.field, broken.words)


@pytest.mark.parametrize(
    ("key", "changes", "field", "source"),
    [
        (("apixo", K26, "text-to-video"), {"prompt": "x" * 1001}, "prompt", "on a stored copy of another page"),
        (("apikley", K26, "image-to-video"), {"end_image": END}, "end_image", "with another seller of the same model"),
        (("apixo", K21, "master-text-to-video"), {"negative_prompt": "x" * 501}, "negative_prompt", "on an older page"),
        (("apixo", K21, "master-text-to-video"), {"cfg_scale": Decimal(2)}, "cfg_scale", "page of another model"),
        (("apikley", K26, "text-to-video"), {"prompt": "x" * 1001}, "prompt", ""),
        (("apixo", K26, "text-to-video"), {"duration_seconds": 7}, "duration", ""),
    ],
)
def test_a_refusal_says_where_its_limit_was_read(
    key: tuple[str, str, str], changes: dict[str, Any], field: str, source: str
) -> None:
    (row,) = [row for row in TABLE if row.key == key]
    (text,) = problems(good(row, **changes))[field]
    assert source in text
    assert ("(limit read" in text) == bool(source)


def test_a_limit_counts_characters_and_not_bytes() -> None:
    assert problems(good(TABLE[0], prompt="é" * 1000)) == {}


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"], ids=repr)
@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_what_is_no_text_shows_before_it_is_written(field: str, text: str) -> None:
    assert problems(good(TABLE[2], **{field: text})).keys() == {field}


def test_a_signalling_nan_is_no_guidance() -> None:
    assert problems(good(TABLE[2], cfg_scale=Decimal("sNaN"))).keys() == {"cfg_scale"}


def test_all_broken_rules_show_at_once() -> None:
    order = order_of(
        provider="apixo",
        model=K26,
        mode="image-to-video",
        prompt="",
        duration_seconds=7,
        aspect_ratio="16:9",
        negative_prompt="blur",
        cfg_scale=Decimal("0.5"),
        end_image=END,
        route="cheap",
    )
    assert set(problems(order)) == {
        *("prompt", "duration", "aspect_ratio", "sound", "negative_prompt", "cfg_scale", "start_image", "route")
    }


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"provider": "acme"}, "provider", "acme is not one of apikley or apixo"),
        ({"provider": ""}, "provider", "empty is not one of apikley or apixo"),
        ({"model": "kling-3"}, "model", f"apixo offers {APIXO_HAS}, not kling-3"),
        ({"model": ""}, "model", f"apixo offers {APIXO_HAS}, not an empty one"),
        ({"mode": "pro"}, "mode", "kling-2-6 on apixo has text-to-video or image-to-video, not pro"),
        ({"mode": ""}, "mode", "is required"),
        ({"provider": "apikley", "model": K21}, "model", "apikley offers kling-2-6, not kling-2-1"),
        ({"provider": "apikley", "mode": ""}, "mode", "is required"),
    ],
)  # fmt: skip
def test_what_nobody_offers_is_named_with_what_is_offered(changes: dict[str, str], field: str, text: str) -> None:
    assert problems(good(TABLE[0], **changes)) == {field: [text]}


texts = st.text(alphabet=st.characters(), max_size=50) | st.sampled_from(["", "16:9", "auto", "x" * 6000, START])
orders = st.builds(
    order_of,
    provider=st.sampled_from(["apixo", "apikley"]) | texts,
    model=st.sampled_from([K26, K25, K21]) | texts,
    mode=st.sampled_from(sorted({row.key[2] for row in TABLE})) | texts,
    prompt=texts,
    duration_seconds=st.sampled_from([5, 10]) | st.integers(),
    aspect_ratio=texts,
    sound=st.none() | st.booleans(),
    negative_prompt=texts,
    cfg_scale=st.none() | st.decimals(),
    start_image=texts,
    end_image=texts,
    route=texts,
    callback_url=texts,
)


@given(orders)
def test_no_order_confuses_the_rules(order: Order) -> None:
    fields = {"provider", "model", "mode", "prompt", "duration", "aspect_ratio", "sound", "negative_prompt"}
    found = problems(order)
    assert found.keys() <= fields | {"cfg_scale", "start_image", "end_image", "route"}
    assert all(text for texts in found.values() for text in texts)
