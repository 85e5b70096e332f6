"""The fields of a text's variables, and the text that they give."""

from __future__ import annotations

from generations.forms.variables import FinalText, fields, final_text, seed, values


def test_each_variable_of_the_texts_has_one_field() -> None:
    found = fields(["{{who}} in {{where}}", "no {{where}}", ""])
    assert {name: field.label for name, field in found.items()} == {"var_who": "who", "var_where": "where"}


def test_values_are_read_by_the_names_of_the_variables() -> None:
    assert values({"var_who": "a fox", "var_where": None, "model": "x"}) == {"who": "a fox", "where": ""}


def test_a_final_text_keeps_what_has_no_value_yet() -> None:
    assert final_text("{{who}} in {{ where }}", {"who": " a fox ", "where": " "}) == "a fox in {{where}}"
    assert final_text("{{who", {}) == "{{who"


def test_a_final_text_says_how_long_it_is_and_whether_the_model_takes_it() -> None:
    assert (FinalText("a fox", 5).words, FinalText("a fox", 5).is_too_long) == ("5 of 5 characters", False)
    assert FinalText("a fox!", 5).is_too_long
    assert FinalText("a fox", None, 1200).words == "5 characters; one of 1,200 different texts"


def test_wildcards_are_picked_by_the_number_of_the_order() -> None:
    assert seed("00000000-0000-0000-0000-00000000000b") == 11
    assert seed("") == seed("no number") == 0
