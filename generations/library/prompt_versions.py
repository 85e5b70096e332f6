"""The versions of a prompt: what was made from each, what differs between two, and bringing one back."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import SequenceMatcher

from django.db import transaction
from django.db.models import Count, Q, Sum

from generations.library import prompt_text
from generations.models import LedgerEntry, Person, Prompt, PromptVersion, Review, Video

Wording = tuple[str, str]  # the text and the negative prompt
WORDS = re.compile(r"\s+|\w+|[^\w\s]")
SAME, GONE, NEW = "same", "gone", "new"


@dataclass(slots=True)
class Uses:
    """What was made from a version: clips, those that were approved, and USD by whether it was practice money."""

    clips: int = 0
    approved: int = 0
    spent: dict[bool, Decimal] = field(default_factory=dict)

    def add(self, other: Uses) -> None:
        self.clips += other.clips
        self.approved += other.approved
        for practice, usd in other.spent.items():
            self.spent[practice] = self.spent.get(practice, Decimal(0)) + usd


def made_from(wording: Wording, versions: Sequence[PromptVersion]) -> int | None:
    """Return the number of the version that an order of these words was made from; None for none of them.

    Of several it is the newest. Where variables and wildcards were filled in, the plain words decide. Some models take
    no negative prompt, so an order without one may be of any version with its text.
    """
    text, unwanted = wording
    by_number = sorted(versions, key=lambda version: -version.number)
    by_number = [each for each in by_number if not unwanted or prompt_text.fits(each.negative_prompt, unwanted)]
    same = (version for version in by_number if version.text == text)
    fitting = (version for version in by_number if prompt_text.fits(version.text, text))
    version = next(same, None) or next(fitting, None)
    return version.number if version else None


def uses(prompt: Prompt, versions: Sequence[PromptVersion]) -> dict[int, Uses]:
    """Return what was made from each version, by its number, by two queries."""
    found: dict[int, Uses] = defaultdict(Uses)
    for wording, each in _uses(prompt).items():
        if number := made_from(wording, versions):
            found[number].add(each)
    return found


def _uses(prompt: Prompt) -> dict[Wording, Uses]:
    found: dict[Wording, Uses] = defaultdict(Uses)
    approved = Count("pk", filter=Q(review=Review.APPROVED))
    clips = Video.objects.filter(prompt=prompt).order_by().values_list("task__prompt_text", "task__negative_prompt")
    for text, unwanted, count, good in clips.annotate(Count("pk"), approved=approved):
        found[text, unwanted].clips, found[text, unwanted].approved = count, good
    entries = LedgerEntry.objects.spent().filter(task__prompt=prompt, amount_usd__isnull=False).order_by()
    sums = entries.values_list("task__prompt_text", "task__negative_prompt", "practice").annotate(Sum("amount_usd"))
    for text, unwanted, practice, usd in sums:
        found[text, unwanted].spent[practice] = usd
    return found


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """Return the pieces of two texts, each `same`, `gone` or `new`, in the order of reading."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    pieces = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append((SAME, "".join(old[a:b])))
            continue
        if a < b:
            pieces.append((GONE, "".join(old[a:b])))
        if c < d:
            pieces.append((NEW, "".join(new[c:d])))
    return pieces


def restore(prompt: Prompt, version: PromptVersion, *, at: datetime, by: Person | None) -> PromptVersion | None:
    """Give a prompt the wording of an earlier version, as a new one; return None when it is its wording already."""
    with transaction.atomic():
        prompt = Prompt.objects.select_for_update().get(pk=prompt.pk)
        if prompt.wording == version.wording:
            return None
        prompt.text, prompt.negative_prompt = version.wording
        prompt.save(update_fields=["text", "negative_prompt", "updated_at"])
        return prompt.keep(at=at, by=by)
