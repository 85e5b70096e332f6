"""The menu against a table written from the documents, and every rule broken once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.offers import OFFERS, find, problems, words
from generations.providers.base import Order

RATIOS = ("16:9", "9:16", "1:1")
ROUTES = ("auto", "value", "official")
D15, D1 = 1_296_000, 86_400  # days, in seconds
START, END = "https://example.com/start.jpg", "https://example.com/end.jpg"


@dataclass(frozen=True)
class Row:
    """What a page of the documents says of one mode."""

    key: tuple[str, str, str]
    prompt: int
    ratios: tuple[str, ...]
    images: tuple[int, int]
    sound: bool
    negative: int
    cfg: bool
    routes: tuple[str, ...]
    takes: dict[int, tuple[int, int]]
    first_poll: int
    life: int
    ratio_required: bool = False

    @property
    def name(self) -> str:
        return "/".join(self.key)


K26, K25, K21 = "kling-2-6", "kling-2-5-turbo-pro", "kling-2-1"
TAKES_26 = {5: (50, 70), 10: (80, 100)}
TAKES_25 = {5: (30, 45), 10: (45, 60)}
TAKES_21 = {5: (60, 90), 10: (90, 120)}
# fmt: off
TABLE = [
    # provider, model, mode; prompt; ratios; images; sound; negative prompt; cfg_scale; routes; times; first poll; life
    Row(("apixo", K26, "text-to-video"),          1000, RATIOS, (0, 0), True, 0, False, ROUTES, TAKES_26, 50, D15),
    Row(("apixo", K26, "image-to-video"),         1000, (),     (1, 2), True, 0, False, ROUTES, TAKES_26, 50, D15),
    Row(("apixo", K25, "text-to-video"),          2500, RATIOS, (0, 0), False, 2500, True, ROUTES, TAKES_25, 30, D15),
    Row(("apixo", K25, "image-to-video"),         2500, (),     (1, 2), False, 2500, True, ROUTES, TAKES_25, 30, D15),
    Row(("apixo", K21, "standard-image-to-video"),5000, (),     (1, 1), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apixo", K21, "pro-image-to-video"),     5000, (),     (1, 2), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apixo", K21, "master-text-to-video"),   5000, RATIOS, (0, 0), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apixo", K21, "master-image-to-video"),  5000, (),     (1, 1), False, 500, True, (), TAKES_21, 60, D15),
    Row(("apikley", K26, "text-to-video"),        1000, RATIOS, (0, 0), True, 0, False, (), TAKES_26, 50, D1,
        ratio_required=True),
]
# fmt: on
rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)


def good(row: Row, **changes: Any) -> Order:
    """The least that a row accepts."""
    provider, model, mode = row.key
    order = Order(
        provider=provider,
        model=model,
        mode=mode,
        prompt="a lighthouse at dawn",
        duration_seconds=5,
        aspect_ratio="16:9" if row.ratio_required else "",
        sound=False if row.sound else None,
        start_image=START if row.images[0] else "",
    )
    return replace(order, **changes)


def full(row: Row) -> Order:
    """All that a row accepts, at its limits."""
    return good(
        row,
        prompt="x" * row.prompt,
        duration_seconds=10,
        aspect_ratio="1:1" if row.ratios else "",
        sound=True if row.sound else None,
        negative_prompt="y" * row.negative,
        cfg_scale=Decimal(1) if row.cfg else None,
        start_image=START if row.images[0] else "",
        end_image=END if row.images[1] == 2 else "",
        route=row.routes[-1] if row.routes else "",
    )


@dataclass(frozen=True)
class Broken:
    """One rule broken: where it shows, what it says, and whether the documents say that the provider refuses it."""

    rule: str
    changes: dict[str, Any]
    field: str
    words: str
    refused: bool = True  # False: a field that the page does not know, or calls ignored


def broken_rules(row: Row) -> list[Broken]:
    """Every way to break a rule of a row with one change."""
    _, model, mode = row.key
    long = row.prompt + 1
    found = [
        Broken("no prompt", {"prompt": ""}, "prompt", "is required"),
        Broken("blank prompt", {"prompt": " \n\t\u3000"}, "prompt", "is required"),
        Broken("long", {"prompt": "x" * long}, "prompt", f"{model} takes at most {row.prompt} characters, not {long}"),
    ]
    for seconds in (7, 0, -5, 15):
        text = f"{model} makes 5 or 10 seconds, not {seconds}"
        found.append(Broken(f"{seconds} seconds", {"duration_seconds": seconds}, "duration", text))
    if row.ratios:
        text = f"{model} makes 16:9, 9:16 or 1:1, not 4:3"
        found.append(Broken("4:3", {"aspect_ratio": "4:3"}, "aspect_ratio", text))
    else:
        text = f"{model} {mode} takes none: the picture decides"
        found.append(Broken("ratio", {"aspect_ratio": "16:9"}, "aspect_ratio", text, refused=False))
    if row.ratio_required:
        found.append(Broken("no ratio", {"aspect_ratio": ""}, "aspect_ratio", f"{row.key[0]} requires one"))
    if row.sound:
        found.append(Broken("no sound", {"sound": None}, "sound", f"{model} must be told: with sound or without"))
    else:
        text = f"{model} makes silent clips and takes no sound choice"
        for sound in (True, False):
            found.append(Broken(f"sound {sound}", {"sound": sound}, "sound", text, refused=False))
    if row.negative:
        text = f"{model} takes at most {row.negative} characters, not {row.negative + 1}"
        found.append(Broken("long negative", {"negative_prompt": "x" * (row.negative + 1)}, "negative_prompt", text))
    else:
        changes = {"negative_prompt": "blur"}
        found.append(Broken("negative", changes, "negative_prompt", f"{model} takes none", refused=False))
    for value in BAD_CFG if row.cfg else ["0.5"]:
        text = f"{model} takes 0 to 1 in steps of 0.1, not {value}" if row.cfg else f"{model} takes none"
        found.append(Broken(f"cfg {value}", {"cfg_scale": Decimal(value)}, "cfg_scale", text, refused=row.cfg))
    if row.images[1] == 0:
        text = f"{model} {mode} takes no image"
        # Only the page of kling-2-1 says that a picture is refused where none belongs.
        found.append(Broken("image", {"start_image": START}, "start_image", text, refused=model == K21))
    else:
        found.append(Broken("no image", {"start_image": ""}, "start_image", f"{model} {mode} requires one"))
    if row.images[1] == 1:
        found.append(Broken("end image", {"end_image": END}, "end_image", f"{model} {mode} takes no end image"))
    if row.images[1] == 0:
        text = f"{model} {mode} takes no end image"
        found.append(Broken("end image", {"end_image": END}, "end_image", text, refused=model == K21))
    if row.routes:
        text = f"{model} takes auto, value or official, not cheap"
        found.append(Broken("route", {"route": "cheap"}, "route", text))
    else:
        text = f"{model} on {row.key[0]} takes none"
        found.append(Broken("route", {"route": "auto"}, "route", text, refused=False))
    return found


BAD_CFG = ["1.1", "0.05", "-0.1", "0.55", "2", "1E+400", "1E-400", "NaN", "Infinity", "-Infinity"]
BROKEN = [(row, broken) for row in TABLE for broken in broken_rules(row)]


def test_the_table_is_the_whole_menu() -> None:
    assert set(OFFERS) == {row.key for row in TABLE}


@rows
def test_an_offer_says_what_its_page_says(row: Row) -> None:
    offer = OFFERS[row.key]
    assert (offer.prompt_max, offer.durations) == (row.prompt, (5, 10))
    assert (offer.aspect_ratios, offer.aspect_ratio_required) == (row.ratios, row.ratio_required)
    assert (offer.images_min, offer.images_max) == row.images
    assert (offer.sound, offer.negative_prompt_max, offer.cfg_scale) == (row.sound, row.negative, row.cfg)
    assert offer.routes == row.routes
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
    for seconds in (5, 10):
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
    assert problems(good(row, **broken.changes)) == {broken.field: [broken.words]}


def test_a_limit_counts_characters_and_not_bytes() -> None:
    assert problems(good(TABLE[0], prompt="é" * 1000)) == {}


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"], ids=repr)
@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_what_is_no_text_shows_before_it_is_written(field: str, text: str) -> None:
    assert problems(good(TABLE[2], **{field: text})).keys() == {field}


def test_a_signalling_nan_is_no_guidance() -> None:
    assert problems(good(TABLE[2], cfg_scale=Decimal("sNaN"))).keys() == {"cfg_scale"}


def test_all_broken_rules_show_at_once() -> None:
    order = Order(
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
        ({"model": "kling-3"}, "model", "apixo offers kling-2-1, kling-2-5-turbo-pro or kling-2-6, not kling-3"),
        ({"model": ""}, "model", "apixo offers kling-2-1, kling-2-5-turbo-pro or kling-2-6, not an empty one"),
        ({"mode": "pro"}, "mode", "kling-2-6 on apixo has text-to-video or image-to-video, not pro"),
        ({"mode": ""}, "mode", "kling-2-6 on apixo has text-to-video or image-to-video, not an empty one"),
        ({"provider": "apikley", "model": K21}, "model", "apikley offers kling-2-6, not kling-2-1"),
        ({"provider": "apikley", "mode": "pro"}, "mode", "kling-2-6 on apikley has text-to-video, not pro"),
    ],
)  # fmt: skip
def test_what_nobody_offers_is_named_with_what_is_offered(changes: dict[str, str], field: str, text: str) -> None:
    assert problems(good(TABLE[0], prompt="", **changes)) == {field: [text]}


def test_choices_are_listed_as_people_say_them() -> None:
    assert [words(["a"]), words(["a", "b"]), words(("a", "b", "c"))] == ["a", "a or b", "a, b or c"]


texts = st.text(alphabet=st.characters(), max_size=50) | st.sampled_from(["", "16:9", "auto", "x" * 6000, START])
orders = st.builds(
    Order,
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
