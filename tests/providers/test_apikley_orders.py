"""Every order that Apikley is sent, against the OpenAPI text of its page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator

from generations.providers import offers
from generations.providers.apikley import request_body
from generations.providers.base import Order
from tests.factories import but, order_of

from .apikley_pages import I2V, REQUEST, T2V

SCHEMA = REQUEST["schema"]
INPUT = SCHEMA["properties"]["input"]["properties"]
# The input of image to video is cut off on its page; at KIE.ai it is the other's, but for the picture and the ratio.
IMAGE_INPUT: dict[str, Any] = {
    "type": "object",
    "required": ["prompt", "image_urls", "sound", "duration"],
    "additionalProperties": False,
    "properties": {
        **{name: INPUT[name] for name in ("prompt", "sound", "duration")},
        "image_urls": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "string", "format": "uri"}},
    },
}

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=1000)
prompts = texts.filter(str.strip) | st.sampled_from(["x" * 1000, "é" * 1000, "\N{CLAPPER BOARD}" * 1000, '"\\\n'])
callbacks = st.sampled_from(["", "https://studio.example.com/webhooks/apikley/token/"])
good_orders = st.builds(
    order_of,
    provider=st.just("apikley"),
    model=st.just("kling-2-6"),
    mode=st.just("text-to-video"),
    prompt=prompts,
    duration_seconds=st.sampled_from((5, 10)),
    aspect_ratio=st.sampled_from(("1:1", "16:9", "9:16")),
    sound=st.booleans(),
    callback_url=callbacks,
)
good_image_orders = st.builds(
    but,
    st.just(I2V),
    prompt=prompts,
    duration_seconds=st.sampled_from((5, 10)),
    sound=st.booleans(),
    start_image=st.sampled_from(["https://example.com/a.jpg", "http://127.0.0.1:8000/reference/1:x/png?y=%20"]),
    callback_url=callbacks,
)


def wrong(body: Any, schema: dict[str, Any] = SCHEMA) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in OAS30Validator(schema).iter_errors(body)]


def test_the_schema_is_one_and_its_own_example_passes() -> None:
    OAS30Validator.check_schema(SCHEMA)
    assert wrong(REQUEST["example"]) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("duration", 5), ("duration", "7"), ("sound", "true"), ("aspect_ratio", "4:3"), ("prompt", "x" * 1001)],
)
def test_the_validator_finds_what_is_wrong(field: str, value: Any) -> None:
    body = request_body(T2V)
    body["input"][field] = value
    assert {found.split(":")[0] for found in wrong(body)} == {f"$.input.{field}"}


@given(good_orders)
def test_every_good_order_is_written_as_documented(order: Order) -> None:
    assert offers.problems(order) == {}
    body = request_body(order)
    assert wrong(body) == []
    # The schema forbids no further field, but the provider is said to pass over them in silence.
    assert body.keys() <= SCHEMA["properties"].keys() and body["input"].keys() == INPUT.keys()
    assert ("callBackUrl" in body) is bool(order.callback_url)


@given(good_image_orders)
def test_every_good_order_with_a_picture_is_written_as_documented(order: Order) -> None:
    assert offers.problems(order) == {}
    body = request_body(order)
    assert wrong(body["input"], IMAGE_INPUT) == []
    assert body["model"] == "kling-2.6/image-to-video" and body.keys() <= SCHEMA["properties"].keys()


def test_the_documented_example_is_written_word_for_word() -> None:
    example = REQUEST["example"]
    order = but(
        T2V,
        prompt=example["input"]["prompt"],
        duration_seconds=5,
        sound=False,
        aspect_ratio="1:1",
        callback_url=example["callBackUrl"],
    )
    assert request_body(order) == example


def test_every_offer_has_its_name_there() -> None:
    assert all(offer.remote_model for offer in offers.OFFERS.values() if offer.provider == "apikley")


def test_what_was_not_chosen_is_not_sent() -> None:
    bare = order_of(provider="apikley", model="kling-2-6", mode="text-to-video", prompt="p", duration_seconds=5)
    assert request_body(bare) == {"model": "kling-2.6/text-to-video", "input": {"prompt": "p", "duration": "5"}}


def test_silence_is_a_choice_that_is_sent() -> None:
    assert request_body(but(T2V, sound=False))["input"]["sound"] is False
