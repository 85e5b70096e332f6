"""Passwords of this site: ten characters, not common, not a number, not a pattern."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError


@pytest.mark.parametrize(
    "password",
    ["aaaaaaab", "aaaaaaaaab", "abcdefghij", "jihgfedcba", "qwertyuiop", "QWERTYuiop", "abababababab", "abcabcabcabc",
     "aaaabbbbcccc", "1qaz1qaz1qaz", "12345678901", "zyxwvutsrqaa"],
)  # fmt: skip
def test_a_pattern_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize("password", ["short pass", "gulls cry at dawn", "x9-Kd_2vQr1LmT8a", "пять чаек на маяке"])
def test_words_and_random_characters_are_taken(password: str) -> None:
    validate_password(password)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValidationError, match="at least 5 different characters.*aaaa, abcd, 4321 or qwerty"):
        validate_password("aaaaaaaaab")
