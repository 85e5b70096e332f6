"""Do one thing to many prompts: tag them, or give them a campaign; say to how many, and why not to the others."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from generations.library import tagging
from generations.library.bulk import Outcome, portions
from generations.models import Campaign, Prompt


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


def set_campaign(ids: Sequence[int], campaign: Campaign | None) -> Outcome:
    """Give prompts a campaign, or none; what was ordered keeps its own. Raises: ValidationError for an archived one."""
    if campaign and campaign.archived:
        text = _("Campaign: {campaign} is archived. Nothing was changed.").format(campaign=campaign)
        raise ValidationError({"campaign": text})
    others = Prompt.objects.filter(pk__in=ids).exclude(campaign=campaign)
    words = _("Campaign: {campaign}").format(campaign=campaign or _("none"))
    done = _done(words, ids, others.update(campaign=campaign), gettext_noop("in it already"))
    done.note = _("Clips that were ordered keep their campaign.")
    return done


def _done(what: str, ids: Sequence[int], changed: int, unchanged: str) -> Outcome:
    done = Outcome(what, changed, is_of_prompts=True)
    done.left_out[unchanged] = len(ids) - changed
    return done
