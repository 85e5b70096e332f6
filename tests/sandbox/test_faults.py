"""The words in square brackets."""

import pytest

from generations.sandbox import FAULTS
from generations.sandbox.faults import Faults, without_faults


@pytest.mark.parametrize("word", FAULTS)
def test_each_word_is_understood_in_any_case_and_left_out_of_the_picture(word):
    prompt = f"a lighthouse [{word.upper()}] at night"
    assert word in Faults.of(prompt)
    assert without_faults(prompt) == "a lighthouse at night"


@pytest.mark.parametrize("word", FAULTS)
def test_each_word_has_a_sentence_for_people(word):
    assert FAULTS[word].endswith(".") and len(FAULTS[word]) > 20


@pytest.mark.parametrize("text", ["[African female host]", "[failure]", "[stuck in traffic]", "fail", "[]", "[mute"])
def test_other_brackets_belong_to_the_prompt(text):
    assert not Faults.of(text).words
    assert without_faults(text) == text


def test_fail_takes_a_code_in_the_documents_spelling():
    assert Faults.of("[fail upload ERROR]").fail_code == "Upload error"
    assert Faults.of("[fail MY_CODE]").fail_code == "MY_CODE"
    assert Faults.of("[fail]").fail_code == "SensitiveContent"


def test_busy_takes_a_number():
    assert Faults.of("[busy]").busy_times == 1
    assert Faults.of("[busy 3]").busy_times == 3
    assert Faults.of("calm").busy_times == 0


def test_words_can_be_combined():
    assert set(Faults.of("[fast][Two  Videos] and [ mute ]").words) == {"fast", "two videos", "mute"}
