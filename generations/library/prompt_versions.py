"""The versions of a prompt: what was made from each, what differs between two, and bringing one back."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import SequenceMatcher

from django.db import transaction
from django.db.models import Count, Q, Sum

from generations.models import LedgerEntry, Person, Prompt, PromptVersion, Review, Video

Wording = tuple[str, str]  # the text and the negative prompt
WORDS = re.compile(r"\s+|\w+|[^\w\s]")
SAME, GONE, NEW = "same", "gone", "new"


@dataclass(slots=True)
class Uses:
    """What was made from a wording: clips, those that were approved, and USD by whether it was practice money."""

    clips: int = 0
    approved: int = 0
    spent: dict[bool, Decimal] = field(default_factory=dict)


def uses(prompt: Prompt) -> dict[Wording, Uses]:
    """Return what was made from each wording that a prompt's orders had, by two queries."""
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
