"""The takes of a shot: how many there are, which stands in front, and the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Case, Count, F, OuterRef, QuerySet, Subquery, When

from generations.models import GenerationTask, Person, Shot, Video


def with_takes(videos: Iterable[Video], visible: QuerySet[Video]) -> list[Video]:
    """Give each clip what its card shows of other rows, in at most two queries for a whole page.

    `takes_count`: the clips of its shot among those that are visible. `has_end_image`: whether it was ordered with one.
    """
    found = list(videos)
    of_shots = visible.filter(shot__in={video.shot_id for video in found})
    takes = dict(of_shots.order_by().values_list("shot").annotate(Count("pk")))
    of_images = GenerationTask.objects.filter(pk__in={video.task_id for video in found if "image" in video.mode})
    ends = set(of_images.exclude(end_image=None, end_image_url="").values_list("pk", flat=True))
    for video in found:
        video.takes_count = takes.get(video.shot_id, 0)
        video.has_end_image = video.task_id in ends
    return found


def of_cards(videos: QuerySet[Video], visible: QuerySet[Video]) -> QuerySet[Any]:
    """Give each clip of a query what `with_takes` gives those of a list, in the same query."""
    takes = visible.order_by().filter(shot=OuterRef("shot")).values("shot").annotate(count=Count("pk")).values("count")
    # Not EXISTS, for which PostgreSQL may read all tasks at once.
    ends = Case(When(end_image=None, end_image_url="", then=False), default=True, output_field=BooleanField())
    task = GenerationTask.objects.filter(pk=OuterRef("task")).annotate(ends=ends).values("ends")[:1]
    changes: dict[str, Any] = {"takes_count": Subquery(takes), "has_end_image": Subquery(task)}
    return videos.annotate(**changes)


def takes_of(shot: Shot, person: Person | AnonymousUser) -> QuerySet[Video]:
    """Return the clips of a shot that a person may browse: the chosen one, then the newest first."""
    chosen_first = (F("chosen_for").asc(nulls_last=True), "-created_at", "-pk")
    return Video.objects.visible_to(person).filter(shot=shot).order_by(*chosen_first)
