"""Prompts and what they are called."""

from generations.models import Prompt


def test_a_prompt_is_called_by_its_title() -> None:
    assert str(Prompt(title="Lighthouse", text="a lighthouse at dawn")) == "Lighthouse"


def test_a_prompt_without_a_title_is_called_by_its_first_words() -> None:
    assert Prompt(text="a lighthouse\n  at dawn").name == "a lighthouse at dawn"
    long = Prompt(text="gull " * 50).name
    assert len(long) <= 60
    assert long.endswith("…")
