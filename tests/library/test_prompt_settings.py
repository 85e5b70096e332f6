"""The settings that a prompt carries: checked against the menu, said in words, and written in a cell."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from generations.library.prompt_settings import EXAMPLE, as_text, from_text, in_words, problems, usable

GOOD = {"provider": "apixo", "model": "kling-2-6", "mode": "text-to-video", "duration": "5", "sound": "true"}


def test_settings_are_written_and_read_back() -> None:
    assert from_text(as_text(GOOD)) == GOOD
    assert from_text("") == {}
    assert problems(from_text(EXAMPLE)) == []


def test_settings_are_said_in_words() -> None:
    assert in_words(GOOD) == "Kling 2.6 at APIXO, Text to video, 5 s, with sound"
    assert in_words({}) == ""


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("five seconds", "“five seconds” is no setting"),
        ("model=kling-2-6; model=kling-2-6", "model is given twice"),
        (
            "provider=apixo; model=kling-9; mode=text-to-video",
            "there is no model kling-9 with the mode text-to-video at apixo",
        ),
        ("duration=5", "provider, model, mode missing"),
        (as_text(GOOD | {"duration": "7"}), "takes 5 or 10 seconds, not 7"),
        (as_text(GOOD | {"duration": "long"}), "takes a whole number"),
        (as_text(GOOD | {"color": "red"}), "takes no setting color"),
        (as_text(GOOD | {"prompt": "a fox"}), "takes no setting prompt"),
    ],
)
def test_a_setting_that_the_menu_does_not_take_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        from_text(text)


def test_what_the_menu_no_longer_takes_is_left_out() -> None:
    assert usable(GOOD | {"duration": "7", "color": "red"}) == {n: v for n, v in GOOD.items() if n != "duration"}
    assert usable(GOOD | {"model": "kling-9"}) == {}
    assert in_words(GOOD | {"model": "kling-9"}) == ""
