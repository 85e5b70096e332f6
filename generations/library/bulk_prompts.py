"""Do one thing to many prompts: tag them, or give them a campaign; say to how many, and why not to the others."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from generations.library import tagging
from generations.library.bulk import Outcome, portions
from generations.models import Campaign, Prompt


def tag(ids: Sequence[int], name: str) -> Outcome:
    """Put a tag on prompts. Raises: ValidationError."""
    found = tagging.tag_of(name)
    changed = sum(len(tagging.put_on(found, each)) for each in portions(ids))
    return _done(f"Tagged “{found}”", ids, changed, "tagged so already")


def untag(ids: Sequence[int], name: str) -> Outcome:
    """Take a tag off prompts. Raises: ValidationError when there is no such tag."""
    found = tagging.existing(name)
    if found is None:
        raise ValidationError({"tag": f"Tag: there is no “{name}”. Nothing was changed."})
    changed = sum(len(tagging.take_off(found, each)) for each in portions(ids))
    return _done(f"Tag “{found}” removed", ids, changed, "without this tag")


def set_campaign(ids: Sequence[int], campaign: Campaign | None) -> Outcome:
    """Give prompts a campaign, or none; what was ordered keeps its own. Raises: ValidationError for an archived one."""
    if campaign and campaign.archived:
        raise ValidationError({"campaign": f"Campaign: {campaign} is archived. Nothing was changed."})
    others = Prompt.objects.filter(pk__in=ids).exclude(campaign=campaign)
    done = _done(f"Campaign: {campaign or 'none'}", ids, others.update(campaign=campaign), "in it already")
    done.note = "Clips that were ordered keep their campaign."
    return done


def _done(what: str, ids: Sequence[int], changed: int, unchanged: str) -> Outcome:
    done = Outcome(what, changed, noun="prompt")
    done.left_out[unchanged] = len(ids) - changed
    return done
