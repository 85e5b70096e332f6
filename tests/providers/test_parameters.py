"""Each kind of parameter: what it reads, what it refuses and in which words, and what `offers --json` says of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from generations.providers.base import Order, Value
from generations.providers.parameters import Choice, Images, Number, Parameter, Text, Video, WholeNumber, YesNo

RESOLUTION = Choice(values=("720p", "1080p"))
SECONDS = WholeNumber(minimum=3, maximum=15, unit="seconds")
SCALE = Number(minimum=Decimal(0), maximum=Decimal(1), step=Decimal("0.1"))
PICTURES = Images(required=True, max_items=2)
VIDEO = Video(required=True, max_seconds=30)


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (RESOLUTION, "720p", "720p"),
        (SECONDS, " 15 ", 15),
        (SCALE, "0.60", Decimal("0.6")),
        (SCALE, ".5", Decimal("0.5")),
        (YesNo(), "Yes", True),
        (YesNo(), "0", False),
    ],
)
def test_what_a_person_types_is_read_and_taken(parameter: Parameter, text: str, value: Value) -> None:
    assert parameter.parse(text) == value
    assert parameter.problem(parameter.parse(text)) == ""


@pytest.mark.parametrize(
    ("parameter", "text", "words"),
    [
        (SECONDS, "1_0", "takes a whole number of seconds, not 1_0"),
        (SCALE, "much", "takes a number, 0 to 1 in steps of 0.1, not much"),
        (SCALE, "NaN", "not NaN"),
        (YesNo(), "loud", "takes yes or no, not loud"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_rule(parameter: Parameter, text: str, words: str) -> None:
    with pytest.raises(ValueError, match="takes ") as caught:
        parameter.parse(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "value", "words"),
    [
        (RESOLUTION, "4k", "takes 720p or 1080p, not 4k"),
        (SECONDS, 2, "takes 3 to 15 seconds, not 2"),
        (SECONDS, 16, "takes 3 to 15 seconds, not 16"),
        (SECONDS, True, "takes 3 to 15 seconds, not True"),
        (SCALE, Decimal("0.55"), "takes 0 to 1 in steps of 0.1, not 0.55"),
        (SCALE, 1, "takes 0 to 1 in steps of 0.1, not 1"),
        (YesNo(), "yes", "takes yes or no, not yes"),
        (Text(max_length=3), "abcd", "takes at most 3 characters, not 4"),
        (Text(max_length=3), 7, "takes a text, not 7"),
        (Text(max_length=3, required=True), " ", "is required"),
        (VIDEO, 7, "takes the address of a video, not 7"),
    ],
)
def test_a_value_out_of_bounds_is_refused_in_words(parameter: Parameter, value: Value, words: str) -> None:
    assert parameter.problems("x", value) == [("x", words)]


@pytest.mark.parametrize("seconds", [3, 5, 15])
def test_every_whole_number_of_a_range_is_taken(seconds: int) -> None:
    assert SECONDS.problems("duration", seconds) == []


@pytest.mark.parametrize(
    ("parameter", "value", "fields"),
    [
        (PICTURES, ("a", "b"), []),
        (PICTURES, ("a",), []),
        (PICTURES, ("", "b"), ["start_image"]),
        (Images(required=True), ("a", "b"), ["end_image"]),
        (PICTURES, ("a", "b", "c"), ["end_image"]),
        (Images(required=True), (), ["start_image"]),
    ],
)
def test_pictures_are_told_apart(parameter: Parameter, value: Value, fields: list[str]) -> None:
    assert [field for field, _ in parameter.problems("images", value)] == fields


@pytest.mark.parametrize(
    ("parameter", "keys"),
    [
        (RESOLUTION, {"type": "choice", "values": ["720p", "1080p"]}),
        (SECONDS, {"type": "integer", "minimum": 3, "maximum": 15, "step": 1}),
        (SCALE, {"type": "decimal", "minimum": "0", "maximum": "1", "step": "0.1"}),
        (YesNo(default=True), {"type": "boolean", "default": True}),
        (Text(max_length=9), {"type": "text", "max_length": 9, "required": False}),
        (PICTURES, {"type": "images", "min_items": 1, "max_items": 2, "formats": ["jpg", "png", "webp"]}),
        (VIDEO, {"type": "video", "min_items": 1, "max_items": 1, "max_seconds": 30}),
    ],
)
def test_the_menu_tells_programs_the_limits(parameter: Parameter, keys: dict[str, Any]) -> None:
    assert parameter.as_json().items() >= keys.items()


def test_frozen_values_are_json_and_come_back() -> None:
    chosen: dict[str, Value] = {"cfg_scale": Decimal("0.6"), "images": ("a", "b"), "sound": False, "duration": 5}
    stored = Order(provider="apixo", model="any", mode="any", parameters=chosen).frozen()
    assert stored == {"cfg_scale": "0.6", "images": ["a", "b"], "sound": False, "duration": 5}
    assert (SCALE.from_json("0.6"), PICTURES.from_json(["a", "b"])) == (Decimal("0.6"), ("a", "b"))
