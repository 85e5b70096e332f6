"""Do one thing to many prompts: tag them, or give them a campaign; say to how many, and why not to the others."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from generations.library import tagging
from generations.library.bulk import Outcome, portions
from generations.library.prompt_campaigns import may_move
from generations.models import Campaign, Person, Prompt

NAMED = 3  # prompts, where many are refused


def tag(ids: Sequence[int], name: str) -> Outcome:
    """Put a tag on prompts. Raises: ValidationError."""
    found = tagging.tag_of(name)
    changed = sum(len(tagging.put_on(found, each)) for each in portions(ids))
    return _done(_("Tagged “{tag}”").format(tag=found), ids, changed, gettext_noop("tagged so already"))


def untag(ids: Sequence[int], name: str) -> Outcome:
    """Take a tag off prompts. Raises: ValidationError when there is no such tag."""
    found = tagging.existing(name)
    if found is None:
        raise ValidationError({"tag": _("Tag: there is no “{tag}”. Nothing was changed.").format(tag=name)})
    changed = sum(len(tagging.take_off(found, each)) for each in portions(ids))
    return _done(_("Tag “{tag}” removed").format(tag=found), ids, changed, gettext_noop("without this tag"))


def set_campaign(ids: Sequence[int], campaign: Campaign | None, *, by: Person) -> Outcome:
    """Give prompts a campaign, or none; what was ordered keeps its own.

    Raises: ValidationError, with nothing changed, for an archived one, and for prompts that another one pays for.
    """
    if campaign and campaign.archived:
        text = _("Campaign: {campaign} is archived. Nothing was changed.").format(campaign=campaign)
        raise ValidationError({"campaign": text})
    others = Prompt.objects.filter(pk__in=ids).exclude(campaign=campaign)
    words = _("Campaign: {campaign}").format(campaign=campaign or _("none"))
    with transaction.atomic():
        if not may_move(by) and (paid := list(others.exclude(campaign=None).select_for_update().order_by("pk"))):
            raise ValidationError({"campaign": _paid_for(paid)})
        changed = others.update(campaign=campaign)
    done = _done(words, ids, changed, gettext_noop("in it already"))
    done.note = _("Clips that were ordered keep their campaign.")
    return done


def _paid_for(prompts: list[Prompt]) -> str:
    """Say that these prompts stay in their campaigns."""
    names = ", ".join(f"“{prompt}”" for prompt in prompts[:NAMED])
    if (more := len(prompts) - NAMED) > 0:
        names = ngettext("{names} and {n} more", "{names} and {n} more", more).format(names=names, n=more)
    words = _(
        "Campaign: another one than a prompt has takes the permission “Can change campaign”, which concerns {names}. "
        "Nothing was changed."
    )
    return words.format(names=names)


def _done(what: str, ids: Sequence[int], changed: int, unchanged: str) -> Outcome:
    done = Outcome(what, changed, is_of_prompts=True)
    done.left_out[unchanged] = len(ids) - changed
    return done
