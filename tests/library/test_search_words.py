"""Words in many writings: either database finds what Python's own comparison finds."""

from __future__ import annotations

import random

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict

from generations.folding import fold
from generations.library.search import Search
from generations.models import Shot
from tests.factories import NOW, a_task, a_video

TEXTS = (
    "Été à Nîmes", "ÉTÉ, e\u0301te\u0301!", "Füchse im Schnee", "FUCHSE", "Straße und STRASSE", "ſtill",
    "İstanbul ıstanbul", "ΣΊΣΥΦΟΣ σίσυφος", "Ёлка и ёж", "елка", "ﬁne ﬂow", "Ａｌｐｈａ１２３", "x² + y²",
    "½ Liter", "狐が雪の中を走る", "雪", "ｷﾂﾈ キツネ", "여우 눈", "ثعلب في الثلج", "שׁוּעָל", "लोमड़ी बर्फ",
    "สุนัขจิ้งจอก", "100% wool_sweater", "100 wool", r"a\b c%d", "O'Brien “quoted”", "naïve café",
    "nai\u0308ve cafe\u0301", "Dvořák", "łódź", "ŁÓDŹ", "ǅungla", "fox🦊snow", "fox snow", "ª º", "Ⅷ viii",
    "①", "tab\tand\nline", "zero\u200bwidth", "soft\u00adhyphen", "ÅNGSTRÖM", "Å", "ﷺ", "ʼn", "ŉ", "ẞ", "ß",
    "Ǆ", "ά ᾳ", "kelvin K",
)  # fmt: skip
pytestmark = pytest.mark.django_db


def queries() -> list[str]:
    """The texts, their words and parts of words, in other cases."""
    draw = random.Random(7)
    words = [word for text in TEXTS for word in text.split()]
    parts = [word[draw.randrange(len(word)) :][: draw.randint(1, 4)] for word in words for _ in range(4)]
    pairs = [f"{draw.choice(words)} {draw.choice(parts)}" for _ in range(100)]
    found = [*TEXTS, *words, *parts, *pairs, "%", "_", "%_%", "ab%", r"\\", "100%", "e_e"]
    return [case(text) for text in found for case in (str, str.upper, str.lower, str.swapcase)]


def test_each_database_finds_what_python_finds() -> None:
    staff = User.objects.create(username="mira", is_staff=True)
    task = a_task(prompt_text="-", shot=Shot.objects.create())
    rows = {a_video(task, title=text, position=number).pk: fold(text) for number, text in enumerate(TEXTS)}
    asked = sorted({text for text in queries() if fold(text)})
    assert len(asked) > 700
    wrong = []
    for text in asked:
        address = QueryDict(mutable=True)
        address["q"] = text
        found = set(Search.parse(address).videos(staff, at=NOW).values_list("pk", flat=True))
        if found != {pk for pk, words in rows.items() if all(word in words for word in fold(text).split())}:
            wrong.append(text)
    assert wrong == []


def test_what_a_person_reads_as_the_same_word_is_the_same() -> None:
    for one, other in (
        ("ÉTÉ", "e\u0301te\u0301"),
        ("STRASSE", "straße"),
        ("Ａ１", "a1"),
        ("ﬁne", "FINE"),
        ("Ёж", "еж"),
    ):
        assert fold(one) == fold(other)
