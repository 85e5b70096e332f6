"""Variables and wildcards of prompts: read, filled, counted and picked from."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from generations.library.prompt_text import fill, fits, pick, problems, unfilled, variables, wildcards


def test_variables_are_named_once_in_the_order_of_the_text() -> None:
    assert variables("{{ city }} at {{hour_2}}, {{city}} in {{été}}") == ("city", "hour_2", "été")


@pytest.mark.parametrize("text", ["", "a {lone brace", "{no bar}", "a } b", "{{}}", "{{two words}}", "{a|b}"])
def test_what_is_no_variable_is_none(text: str) -> None:
    assert variables(text) == ()


def test_a_text_is_filled_with_values() -> None:
    assert (
        fill("{{who}} meets {{ who }} at {{when}}", {"who": " a fox ", "when": "dawn"}) == "a fox meets a fox at dawn"
    )


def test_a_value_is_not_read_for_variables() -> None:
    assert fill("{{a}} {{b}}", {"a": "{{b}}", "b": r"\1"}) == r"{{b}} \1"


def test_every_variable_without_a_value_is_named_at_once() -> None:
    with pytest.raises(ValidationError) as raised:
        fill("{{who}} in {{where}} at {{when}}", {"who": "a fox", "when": "  "})
    assert raised.value.message_dict == {
        "prompt": ["the variable {{where}} has no value", "the variable {{when}} has no value"]
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a {{fox in snow", "“{{fox in snow” is not closed: write }} after the variable's name"),
        ("{{a|b} fox", "“{{a|b} fox” is not closed: write }} after the variable's name"),
        ("{{two words}}", "{{two words}}: a variable's name has letters, digits and _ only"),
        ("{{}}", "{{}}: a variable's name has letters, digits and _ only"),
    ],
)
def test_broken_braces_are_named_and_not_filled(text: str, said: str) -> None:
    assert problems(text) == [said] and unfilled(text) == [said]
    with pytest.raises(ValidationError, match="closed|letters"):
        fill(text, {"fox": "x"})


@pytest.mark.parametrize("text", ["plain", "{{who}} {a|b} {c} } {", "{{{who}}|a dog}", "{ {{who}} }"])
def test_good_braces_have_no_problem(text: str) -> None:
    assert problems(text) == []


def test_what_is_unfilled_is_said() -> None:
    assert unfilled("{{who}} and {a|b}") == ["the variable {{who}} has no value"]


@pytest.mark.parametrize(
    ("text", "count"),
    [("none", 1), ("{a|b|c}", 3), ("{a|b} {c|d|e}", 6), ("{a|a}", 1), ("{a|}", 2), ("{a} | {b}", 1), ("{{a|b}}", 1)],
)
def test_wildcards_are_counted(text: str, count: int) -> None:
    assert wildcards(text) == count


def test_as_many_seeds_in_a_row_as_there_are_texts_give_each_text_once() -> None:
    text = "a {red|green|blue} {fox|owl} in {rain|snow|sun|fog}"
    for first in (0, 7, 1000):
        assert len({pick(text, seed) for seed in range(first, first + 24)}) == 24 == wildcards(text)


def test_two_seeds_in_a_row_differ_in_each_wildcard() -> None:
    assert [pick("{a|b}{c|d}{e|f}", seed) for seed in (0, 1)] == ["ace", "bdf"]


def test_a_seed_always_picks_the_same() -> None:
    assert pick("{a|b|c} {d|e}", 4) == pick("{a|b|c} {d|e}", 4)


def test_plain_braces_and_variables_stay_when_a_text_is_picked() -> None:
    assert pick("{x} {{who}} {a|b} {", 0) == "{x} {{who}} a {"


def test_a_wildcard_may_hold_variables() -> None:
    text = "{{{who}}|a dog} in snow"
    assert wildcards(text) == 2
    assert pick(fill(text, {"who": "a fox"}), 0) == "a fox in snow"


@pytest.mark.parametrize(
    ("template", "text", "can"),
    [
        ("a fox", "a fox", True),
        ("a fox", "a fox!", False),
        ("a {{who}} in {rain|snow}", "a red fox in snow", True),
        ("a {{who}} in {rain|snow}", "a red fox at dawn", False),
        ("{{who}} and {{who}}", "x and y", True),
        ("{{a}}xx{{b}}x", "1xx", False),
        ("{{a}}", "anything", True),
    ],
)
def test_a_text_fits_the_template_whose_words_it_has(template: str, text: str, can: bool) -> None:
    assert fits(template, text) is can
