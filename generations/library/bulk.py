"""Do one thing to many clips: rate, tag, collect, approve or reject them; say to how many, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from generations.library import collections
from generations.library.reviewing import DONE, Judged, MoveRefused, judge
from generations.library.search import Search, stacked
from generations.models import Collection, Person, Prompt, Review, Tag, Video
from generations.models.videos import MAX_RATING, State

MOST = 1000  # clips at once: approving so many takes about ten seconds on SQLite
PORTION = 100  # clips in one transaction, so that others write in between
GONE = "no longer here"
PUBLISHED = "published: unpublish first"


@dataclass(slots=True)
class Outcome:
    """What was done, to how many clips, and how many were left out for which reason."""

    done: str
    changed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    note: str = ""

    def __str__(self) -> str:
        clips = "1 clip" if self.changed == 1 else f"{self.changed:,} clips"
        left = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items() if count)
        return " ".join(part for part in (f"{self.done}: {clips}.", left and f"Left out: {left}.", self.note) if part)


def found_by(search: Search, person: Person | AnonymousUser, *, at: datetime) -> list[int]:
    """Return the ids of the clips that stand in front in a search, newest first.

    Raises: BadSearch; ValidationError when there are more than are changed at once.
    """
    front = stacked(search.videos(person, at=at)).order_by("-created_at", "-pk")
    ids = list(front.values_list("pk", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        text = f"This search matches more than {MOST:,} clips; at most {MOST:,} can be changed at once."
        raise ValidationError({"all": f"{text} Narrow it down. Nothing was changed."})
    return ids


def rate(ids: Sequence[int], stars: int) -> Outcome:
    """Give clips the team's stars; 0 clears them. Raises: ValidationError for stars outside 0 to 5."""
    if not 0 <= stars <= MAX_RATING:
        raise ValidationError({"stars": f"Rating: choose 0 to {MAX_RATING} stars. Nothing was changed."})
    done = Outcome(f"Rated {stars} of {MAX_RATING}" if stars else "Rating cleared")
    for portion in _portions(ids):
        changed = Video.objects.filter(pk__in=portion).exclude(rating=stars).update(rating=stars)
        done.changed += changed
        done.left_out["rated so already"] += len(portion) - changed
    return done


def decide(ids: Sequence[int], verdict: Review, *, at: datetime, by: Person) -> Outcome:
    """Approve or reject clips, as `judge` does one; published ones are left out of rejections."""
    done = Outcome(DONE[verdict])
    judged: list[Judged] = []
    for portion in _portions(ids):
        with transaction.atomic():
            for video in Video.objects.filter(pk__in=portion).select_related("task__order_batch").order_by("pk"):
                judged += _judged(video, verdict, done, at=at, by=by)
    done.changed = sum(one.changed for one in judged)
    done.left_out[f"{verdict} already"] = len(judged) - done.changed
    done.note = Judged(True, tuple(task for one in judged for task in one.canceled)).saved
    return done


def tag(ids: Sequence[int], name: str) -> Outcome:
    """Put a tag on the prompts of clips, which all clips of these prompts have then. Raises: ValidationError."""
    name = " ".join(name.split())
    longest = Tag._meta.get_field("name").max_length or 0
    if not name or len(name) > longest or "\0" in name:
        raise ValidationError({"tag": f"Tag: write a word, of at most {longest} characters. Nothing was changed."})
    done = Outcome(f"Tagged “{name}”")
    # Compared here: SQLite folds the case of ASCII only.
    same = (each for each in Tag.objects.all() if each.name.casefold() == name.casefold())
    of_name = next(same, None) or Tag.objects.get_or_create(name=name)[0]
    prompts: set[int] = set()
    for portion in _portions(ids):
        with transaction.atomic():
            clips = dict(Video.objects.filter(pk__in=portion).values_list("pk", "prompt"))
            new = set(clips.values()) - set(of_name.prompts.filter(pk__in=clips.values()).values_list("pk", flat=True))
            of_name.prompts.add(*Prompt.objects.filter(pk__in=new))
            Video.objects.filter(prompt__in=new).refresh_words()
        changed = sum(prompt in new | prompts for prompt in clips.values())
        prompts |= new
        done.changed += changed
        done.left_out["tagged so already"] += len(clips) - changed
    done.note = "Tags belong to prompts: the other clips of theirs have it too." if prompts else ""
    return done


def collect(ids: Sequence[int], collection: Collection) -> Outcome:
    """Put clips at the end of a collection, in this order. Raises: ValidationError when it would be too full."""
    clips = Video.objects.in_bulk(ids)
    added = collections.add(collection, [clips[pk] for pk in ids if pk in clips])
    return Outcome(f"Added to {collection}", added, Counter({"in it already": len(ids) - added}))


def visible_ids(ids: Sequence[int], visible: QuerySet[Video]) -> list[int]:
    """Return those of the ids that are visible, in their order. Raises: ValidationError for none or too many."""
    if not ids:
        raise ValidationError({"v": "Select at least one clip. Nothing was changed."})
    if len(ids) > MOST:
        raise ValidationError({"v": f"At most {MOST:,} clips can be changed at once. Nothing was changed."})
    there = set(visible.filter(pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in dict.fromkeys(ids) if pk in there]


def _judged(video: Video, verdict: Review, done: Outcome, *, at: datetime, by: Person) -> Iterator[Judged]:
    try:
        yield judge(video, verdict, at=at, by=by)
    except MoveRefused:
        published = Video.objects.get(pk=video.pk).state == State.PUBLISHED
        done.left_out[PUBLISHED if published else "changed by someone else just now"] += 1


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + PORTION] for start in range(0, len(ids), PORTION))
