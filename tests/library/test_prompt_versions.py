"""What was made from each wording of a prompt, and what differs between two."""

from __future__ import annotations

from decimal import Decimal

import pytest

from generations.library.prompt_versions import Uses, differences, restore, uses
from generations.models import Prompt, Review, Status
from tests.factories import NOW, a_prompt, a_task, a_video

SAME_A = [("same", "a ")]


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("", "", []),
        ("a fox", "a fox", [("same", "a fox")]),
        ("", "a fox", [("new", "a fox")]),
        ("a fox", "", [("gone", "a fox")]),
        ("a red fox", "a grey fox!", [*SAME_A, ("gone", "red"), ("new", "grey"), ("same", " fox"), ("new", "!")]),
    ],
)
def test_two_texts_are_compared_word_by_word(before: str, after: str, pieces: list[tuple[str, str]]) -> None:
    assert differences(before, after) == pieces


@pytest.mark.django_db
def test_uses_are_counted_for_each_wording() -> None:
    prompt = a_prompt(text="two")
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text="one"))
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text="one"), review=Review.APPROVED, reviewed_at=NOW)
    a_task(Status.STORED, prompt=prompt, prompt_text="two", price_usd=None)
    a_task(Status.STORED, prompt_text="one")  # of another prompt
    found = uses(prompt)
    assert dict(found) == {("one", ""): Uses(clips=2, approved=1, spent={True: Decimal("0.60")})}


@pytest.mark.django_db
def test_the_words_of_a_version_come_back_whatever_was_saved_meanwhile() -> None:
    prompt = a_prompt(text="one")
    first, stale = prompt.versions.get(), Prompt.objects.get()
    prompt.text, prompt.title = "two", "Two"
    prompt.save()
    prompt.keep(at=NOW, by=None)
    new = restore(stale, first, at=NOW, by=None)
    prompt.refresh_from_db()
    assert new and (new.number, new.text) == (3, "one")
    assert (prompt.text, prompt.title, prompt.words) == ("one", "Two", "two one")
