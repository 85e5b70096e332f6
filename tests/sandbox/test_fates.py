"""The words in square brackets."""

import pytest

from generations.sandbox import FATES
from generations.sandbox.fates import Fate, without_fates


@pytest.mark.parametrize("word", FATES)
def test_each_word_is_understood_in_any_case_and_left_out_of_the_picture(word):
    prompt = f"a lighthouse [{word.upper()}] at night"
    assert word in Fate.of(prompt)
    assert without_fates(prompt) == "a lighthouse at night"


@pytest.mark.parametrize("word", FATES)
def test_each_word_has_a_sentence_for_people(word):
    assert FATES[word].endswith(".") and len(FATES[word]) > 20


@pytest.mark.parametrize("text", ["[African female host]", "[failure]", "[stuck in traffic]", "fail", "[]", "[mute"])
def test_other_brackets_belong_to_the_prompt(text):
    assert not Fate.of(text).words
    assert without_fates(text) == text


def test_fail_takes_a_code_in_the_documents_spelling():
    assert Fate.of("[fail upload ERROR]").fail_code == "Upload error"
    assert Fate.of("[fail MY_CODE]").fail_code == "MY_CODE"
    assert Fate.of("[fail]").fail_code == "SensitiveContent"


def test_busy_takes_a_number():
    assert Fate.of("[busy]").busy_times == 1
    assert Fate.of("[busy 3]").busy_times == 3
    assert Fate.of("calm").busy_times == 0


def test_words_can_be_combined():
    assert set(Fate.of("[fast][Two  Videos] and [ mute ]").words) == {"fast", "two videos", "mute"}
