"""Which campaign pays for a prompt: only who may change campaigns moves it, or its words, to another one.

So the budget of a campaign is not avoided by taking a prompt out of it. Other words are another prompt, for which its
author chooses a campaign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.utils.translation import gettext as _

from generations.models import Campaign, Person, Prompt

Words = tuple[str, str]  # a text and its negative prompt


def may_move(by: Person | None) -> bool:
    """Return whether a person may name another campaign; nobody is the operator, at the shell."""
    return by is None or by.has_perm("generations.change_campaign")


def why_not(campaign: Campaign | None, wanted: Campaign | None) -> str:
    """Return why a prompt of a campaign is not for another one, or for none; empty where it has none, or that one."""
    if campaign is None or campaign == wanted:
        return ""
    words = _("{campaign} pays for this prompt; another campaign takes the permission “Can change campaign”")
    return words.format(campaign=campaign)


def of_words(words: Collection[Words]) -> Mapping[Words, list[Prompt]]:
    """Return the prompts that have each of these words, the oldest first, by one query."""
    found = defaultdict(list)
    rows = Prompt.objects.filter(text__in={text for text, _unwanted in words}).select_related("campaign")
    for prompt in rows.order_by("pk"):
        found[prompt.wording].append(prompt)
    return found


def why_no_copy(prompts: Iterable[Prompt], wanted: Campaign | None) -> str:
    """Return why the words of prompts are not for another campaign than theirs; empty where none pays for them."""
    known = list(prompts)
    paid = next((prompt for prompt in known if prompt.campaign), None)
    if paid is None or any(prompt.campaign == wanted for prompt in known):
        return ""
    words = _(
        "{campaign} pays for prompt {number}, which has the same words; another campaign takes the permission "
        "“Can change campaign”"
    )
    return words.format(campaign=paid.campaign, number=paid.pk)
