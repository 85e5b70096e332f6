"""Texts are folded so that a search finds a word however it is written."""

import pytest

from generations.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("A Fox, in SNOW!", "a fox in snow"),
        ("Été à Łódź", "ete a łodz"),
        ("Straße ﬁn İstanbul", "strasse fin istanbul"),
        ("9:16 neon_rain", "9 16 neon rain"),
        ("Лес зимой\n雪の狐", "лес зимои 雪の狐"),
        ("…", ""),
    ],
)
def test_case_marks_and_punctuation_are_gone(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_several_texts_are_one_line_of_words_and_folding_twice_changes_nothing() -> None:
    once = fold("At dawn", "", "gulls, crying")
    assert once == "at dawn gulls crying" == fold(once)
