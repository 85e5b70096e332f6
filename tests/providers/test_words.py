"""Tests of `generations.providers.words`, and of what the menu says in the reader's language."""

from __future__ import annotations

import pytest

from generations import translation
from generations.providers import advice
from generations.providers.menu import MODE_NAMES
from generations.providers.offers import OFFERS, mode_name, problems
from generations.providers.words import NAMES, alternatives, label, spoken
from tests.factories import order_of


def test_choices_are_listed_as_people_say_them() -> None:
    assert [alternatives(["a"]), alternatives([5, 10]), alternatives(("a", "b", "c"))] == ["a", "5 or 10", "a, b or c"]


def test_a_parameter_is_named_alone_and_within_a_sentence() -> None:
    assert [label("aspect_ratio"), spoken("aspect_ratio")] == ["Aspect ratio", "aspect ratio"]
    assert [label("cfg_scale"), spoken("cfg_scale")] == ["CFG scale", "CFG scale"]


def test_every_mode_and_every_parameter_of_the_menu_has_a_name_to_translate() -> None:
    assert {offer.mode for offer in OFFERS.values()} <= MODE_NAMES.keys()
    assert {name for offer in OFFERS.values() for name in offer.parameters} <= NAMES.keys()


def test_a_refusal_speaks_the_language_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    order = order_of(provider="apixo", model="kling-2-6", mode="text-to-video", duration=7)
    spanish = {"takes {rule}, not {value}": "acepta {rule}, no {value}", "{others} or {last}": "{others} o {last}",
               "seconds": "segundos", "{model} on {provider}": "{model} en {provider}",
               "Text to video": "De texto a video", "Shorten the prompt.": "Acorta el prompt."}  # fmt: skip
    monkeypatch.setattr(translation, "translate", lambda message: spanish.get(message, message))
    assert problems(order)["duration"] == ["Kling 2.6 en APIXO acepta 5 o 10 segundos, no 7"]
    assert mode_name("text-to-video") == "De texto a video"
    assert advice("apixo", "PROMPT_TOO_LONG") == "Acorta el prompt."
