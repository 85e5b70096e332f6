"""Put tags on prompts and take them off; what searches compare of the clips follows."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from generations.models import Prompt, Tag, Video


def tag_of(name: str) -> Tag:
    """Return the tag of a name, a new one if there is none, whatever its case. Raises: ValidationError."""
    name = " ".join(name.split())
    longest = Tag._meta.get_field("name").max_length or 0
    if not name or len(name) > longest or "\0" in name:
        text = _("Tag: write a word, of at most {most} characters. Nothing was changed.").format(most=longest)
        raise ValidationError({"tag": text})
    return existing(name) or Tag.objects.get_or_create(name=name)[0]


def existing(name: str) -> Tag | None:
    """Return the tag of a name, whatever its case; None when there is none."""
    folded = " ".join(name.split()).casefold()
    # Compared here: SQLite folds the case of ASCII only.
    return next((each for each in Tag.objects.all() if each.name.casefold() == folded), None)


def put_on(tag: Tag, prompts: Iterable[int]) -> set[int]:
    """Put a tag on prompts, by their ids; return those that did not have it."""
    with transaction.atomic():
        there = set(Prompt.objects.filter(pk__in=prompts).values_list("pk", flat=True))
        new = there - set(tag.prompts.filter(pk__in=there).values_list("pk", flat=True))
        tag.prompts.add(*new)
        Video.objects.filter(prompt__in=new).refresh_words()
    return new


def take_off(tag: Tag, prompts: Iterable[int]) -> set[int]:
    """Take a tag off prompts, by their ids; return those that had it. The tag stays, for other prompts."""
    with transaction.atomic():
        had = set(tag.prompts.filter(pk__in=prompts).values_list("pk", flat=True))
        tag.prompts.remove(*had)
        Video.objects.filter(prompt__in=had).refresh_words()
    return had
