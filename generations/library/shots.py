"""The takes of a shot: how many there are, which stands in front, and the others."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Case, Count, F, OuterRef, QuerySet, Subquery, When

from generations.library.ratings import with_favourite
from generations.models import GenerationTask, Person, Shot, Video


def as_cards(videos: QuerySet[Video], visible: QuerySet[Video], person: Person | AnonymousUser) -> QuerySet[Any]:
    """Give each clip what its card shows of other rows, in the same query.

    `takes_count`: the clips of its shot among those that are visible. `has_end_image`: whether it was ordered with one.
    `is_favourite`: whether it is one of the person's own.
    """
    takes = visible.order_by().filter(shot=OuterRef("shot")).values("shot").annotate(count=Count("pk")).values("count")
    # Not EXISTS, for which PostgreSQL may read all tasks at once.
    ends = Case(When(end_image=None, end_image_url="", then=False), default=True, output_field=BooleanField())
    task = GenerationTask.objects.filter(pk=OuterRef("task")).annotate(ends=ends).values("ends")[:1]
    changes: dict[str, Any] = {"takes_count": Subquery(takes), "has_end_image": Subquery(task)}
    return with_favourite(videos, person).annotate(**changes)


def takes_of(shot: Shot, person: Person | AnonymousUser) -> QuerySet[Video]:
    """Return the clips of a shot that a person may browse: the chosen one, then the newest first."""
    chosen_first = (F("chosen_for").asc(nulls_last=True), "-created_at", "-pk")
    takes = Video.objects.visible_to(person).filter(shot=shot)
    return with_favourite(takes, person).order_by(*chosen_first)
