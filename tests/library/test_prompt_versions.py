"""What was made from each wording of a prompt, and what differs between two."""

from __future__ import annotations

from decimal import Decimal

import pytest

from generations.library.prompt_versions import Uses, Wording, differences, made_from, restore, uses
from generations.models import Prompt, PromptVersion, Review, Status
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


@pytest.mark.parametrize(
    ("wording", "number"),
    [(("a fox", "rain"), 1), (("a fox", "fog"), 3), (("a fox", ""), 3), (("an owl", ""), 2), (("a cat", ""), None)],
)
def test_an_order_is_made_from_the_newest_version_that_its_words_fit(wording: Wording, number: int | None) -> None:
    texts = [("a fox", "rain"), ("an {{bird}}", ""), ("a fox", "fog")]
    versions = [PromptVersion(number=n, text=text, negative_prompt=no) for n, (text, no) in enumerate(texts, 1)]
    assert made_from(wording, versions) == number


@pytest.mark.django_db
def test_uses_are_counted_for_the_version_whose_words_an_order_has() -> None:
    prompt = a_prompt(text="a {{who}} in {rain|snow}")
    prompt.text = "a fox in rain"
    prompt.keep(at=NOW, by=None)
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text="a fox in rain"))
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text="an owl"))  # of no version
    for text in ("a red fox in snow", "a owl in rain"):
        a_video(a_task(Status.STORED, prompt=prompt, prompt_text=text), review=Review.APPROVED, reviewed_at=NOW)
    a_task(Status.STORED, prompt=prompt, prompt_text="a fox in rain", price_usd=None)
    a_task(Status.STORED, prompt_text="a fox in rain")  # of another prompt
    assert uses(prompt, list(prompt.versions.all())) == {
        1: Uses(clips=2, approved=2, spent={True: Decimal("0.60")}),
        2: Uses(clips=1, approved=0, spent={True: Decimal("0.30")}),
    }


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
