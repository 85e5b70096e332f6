"""Do one thing to many clips: rate, tag, collect or judge them; say to how many, and why not to the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from generations.library import collections, tagging
from generations.library.reviewing import DONE, Judged, MoveRefused, judge
from generations.library.search import Search, stacked
from generations.models import Collection, Person, Review, Video
from generations.models.videos import MAX_RATING, State

MOST = 1000  # clips at once: approving so many takes about ten seconds on SQLite
PORTION = 100  # clips in one transaction, so that others write in between
GONE = gettext_noop("no longer here")
PUBLISHED = gettext_noop("published: unpublish first")
ALREADY = {
    Review.APPROVED: gettext_noop("approved already"),
    Review.REJECTED: gettext_noop("rejected already"),
    Review.UNDECIDED: gettext_noop("undecided already"),
    Review.IN_REVIEW: gettext_noop("in review already"),
}


@dataclass(slots=True)
class Outcome:
    """What was done, to how many clips, and how many were left out for which reason: in English, until it is shown."""

    done: str
    changed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    note: str = ""
    is_of_prompts: bool = False
    judged: list[Video] = field(default_factory=list)  # those that a decision changed

    def __str__(self) -> str:
        words = (
            ngettext("{done}: {count} prompt.", "{done}: {count} prompts.", self.changed)
            if self.is_of_prompts
            else ngettext("{done}: {count} clip.", "{done}: {count} clips.", self.changed)
        )
        parts = [words.format(done=self.done, count=f"{self.changed:,}")]
        if left := ", ".join(f"{count:,} {_(reason)}" for reason, count in self.left_out.items() if count):
            parts.append(_("Left out: {reasons}.").format(reasons=left))
        return " ".join([*parts, self.note] if self.note else parts)


def found_by(search: Search, person: Person | AnonymousUser, *, at: datetime, most: int | None = None) -> list[int]:
    """Return the ids of the clips that stand in front in a search, newest first.

    Raises: BadSearch; ValidationError when there are more than `most`, or than are changed at once.
    """
    most = MOST if most is None else most
    front = stacked(search.videos(person, at=at)).order_by("-created_at", "-pk")
    ids = list(front.values_list("pk", flat=True)[: most + 1])
    if len(ids) > most:
        words = _(
            "This search matches more than {most} clips; at most {most} can be changed at once. Narrow it down. "
            "Nothing was changed."
        )
        raise ValidationError({"all": words.format(most=f"{most:,}")})
    return ids


def rate(ids: Sequence[int], stars: int) -> Outcome:
    """Give clips the team's stars; 0 clears them. Raises: ValidationError for stars outside 0 to 5."""
    if not 0 <= stars <= MAX_RATING:
        text = _("Rating: choose 0 to {most} stars. Nothing was changed.").format(most=MAX_RATING)
        raise ValidationError({"stars": text})
    rated = _("Rated {stars} of {most}").format(stars=stars, most=MAX_RATING)
    done = Outcome(rated if stars else _("Rating cleared"))
    for portion in portions(ids):
        changed = Video.objects.filter(pk__in=portion).exclude(rating=stars).update(rating=stars)
        done.changed += changed
        done.left_out[gettext_noop("rated so already")] += len(portion) - changed
    return done


def decide(ids: Sequence[int], verdict: Review, *, at: datetime, by: Person) -> Outcome:
    """Approve or reject clips, or clear the decision, as `judge` does one; published ones are not rejected."""
    done = Outcome(str(DONE[verdict]))
    judged: list[tuple[Video, Judged]] = []
    for portion in portions(ids):
        with transaction.atomic():
            for video in Video.objects.filter(pk__in=portion).select_related("task__order_batch").order_by("pk"):
                judged += [(video, one) for one in _judged(video, verdict, done, at=at, by=by)]
    done.judged = [video for video, one in judged if one.changed]
    done.changed = len(done.judged)
    done.left_out[ALREADY[verdict]] = len(judged) - done.changed
    done.note = Judged(True, tuple(task for _video, one in judged for task in one.canceled)).saved
    return done


def tag(ids: Sequence[int], name: str) -> Outcome:
    """Put a tag on the prompts of clips, which all clips of these prompts have then. Raises: ValidationError."""
    done = Outcome(_("Tagged “{tag}”").format(tag=" ".join(name.split())))
    if not ids:
        return done  # and no tag is made
    found = tagging.tag_of(name)
    return _by_prompt(ids, lambda prompts: tagging.put_on(found, prompts), done, gettext_noop("tagged so already"))


def untag(ids: Sequence[int], name: str) -> Outcome:
    """Take a tag off the prompts of clips. Raises: ValidationError when there is no such tag."""
    found = tagging.existing(name)
    if found is None:
        text = _("Tag: there is no “{tag}”. Nothing was changed.").format(tag=" ".join(name.split()))
        raise ValidationError({"tag": text})
    done = Outcome(_("Tag “{tag}” removed").format(tag=found))
    return _by_prompt(ids, lambda prompts: tagging.take_off(found, prompts), done, gettext_noop("without this tag"))


def _by_prompt(ids: Sequence[int], change: Callable[[set[int]], set[int]], done: Outcome, unchanged: str) -> Outcome:
    """Change the prompts of clips, and count the clips; `change` returns the prompts that it has changed."""
    prompts: set[int] = set()
    for portion in portions(ids):
        of_clips = list(Video.objects.filter(pk__in=portion).values_list("prompt", flat=True))
        prompts |= change(set(of_clips) - prompts)
        changed = sum(prompt in prompts for prompt in of_clips)
        done.changed += changed
        done.left_out[unchanged] += len(of_clips) - changed
    note = _("Tags belong to prompts, so the other clips of these prompts changed too.")
    done.note = note if prompts else ""
    return done


def collect(ids: Sequence[int], collection: Collection) -> Outcome:
    """Put clips at the end of a collection, in this order. Raises: ValidationError when it would be too full."""
    clips = Video.objects.in_bulk(ids)
    added = collections.add(collection, [clips[pk] for pk in ids if pk in clips])
    words = _("Added to {collection}").format(collection=collection)
    return Outcome(words, added, Counter({gettext_noop("in it already"): len(ids) - added}))


def visible_ids(ids: Sequence[int], visible: QuerySet[Video]) -> list[int]:
    """Return those of the ids that are visible, in their order. Raises: ValidationError for none or too many."""
    if not ids:
        raise ValidationError({"v": _("Select at least one clip. Nothing was changed.")})
    if len(ids) > MOST:
        text = _("At most {most} clips can be changed at once. Nothing was changed.").format(most=f"{MOST:,}")
        raise ValidationError({"v": text})
    there = set(visible.filter(pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in dict.fromkeys(ids) if pk in there]


def _judged(video: Video, verdict: Review, done: Outcome, *, at: datetime, by: Person) -> Iterator[Judged]:
    try:
        yield judge(video, verdict, at=at, by=by)
    except MoveRefused:
        published = Video.objects.get(pk=video.pk).state == State.PUBLISHED
        done.left_out[PUBLISHED if published else gettext_noop("changed by someone else just now")] += 1


def portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the ids in portions, each for one transaction."""
    return (ids[start : start + PORTION] for start in range(0, len(ids), PORTION))
