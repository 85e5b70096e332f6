"""Make collections, and put clips into them in an order."""

from __future__ import annotations

from collections.abc import Collection as Container
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Count, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.text import slugify
from django.utils.translation import gettext as _

from generations.models import Collection, CollectionItem, Folder, Person, Video
from generations.models.videos import VideoQuerySet

MOST_CLIPS = 500  # of one collection: its page, its ZIP and its cut list show all of them
LONGEST_NAME, LONGEST_DESCRIPTION = 100, 5000
SLUG_LENGTH = 50  # leaves room for a number


def create(name: str, *, at: datetime, by: Person | None = None) -> Collection:
    """Make an empty collection. Raises: ValidationError without a name, or with one that is too long."""
    name = _named(name)
    with transaction.atomic():
        return Collection.objects.create(name=name, slug=_free_slug(name), created_at=at, created_by=by)


def folder_of(name: str) -> Folder | None:
    """Return the folder of a name, a new one if there is none; None for no name. Raises: ValidationError."""
    name = " ".join(name.replace("\0", "").split())
    if len(name) > LONGEST_NAME:
        text = _("A folder's name has at most {most} characters.").format(most=LONGEST_NAME)
        raise ValidationError({"folder": text})
    return Folder.objects.get_or_create(name=name)[0] if name else None


def describe(
    collection: Collection, *, name: str, description: str, folder: str, cover: Sequence[int], visible: VideoQuerySet
) -> None:
    """Write what a collection says of itself; its address stays. Raises: ValidationError, with nothing written."""
    name = _named(name)
    if len(description) > LONGEST_DESCRIPTION:
        text = _("A description has at most {most} characters.").format(most=f"{LONGEST_DESCRIPTION:,}")
        raise ValidationError({"description": text})
    front = clips_of(collection, visible).filter(pk__in=cover).first()
    if cover and front is None:
        raise ValidationError({"cover": _("The cover must be a clip of the collection.")})
    with transaction.atomic():
        row = Collection.objects.filter(pk=collection.pk)
        row.update(name=name, description=description.strip(), folder=folder_of(folder), cover=front)


@dataclass(frozen=True, slots=True)
class Shown:
    """A collection, the clip in front of it, and how many of its clips a person sees."""

    collection: Collection
    front: Video | None
    count: int


def with_covers(collections: QuerySet[Collection], visible: QuerySet[Video]) -> list[Shown]:
    """Return collections by folder and name, as a person sees them who sees the `visible` clips."""
    inside = visible.filter(items__collection=OuterRef("pk")).order_by("items__position", "items__id")
    counted = inside.order_by().values("items__collection").annotate(n=Count("pk")).values("n")
    rows = collections.select_related("folder").annotate(
        count=Coalesce(Subquery(counted), 0), first=Subquery(inside.values("pk")[:1])
    )
    found = list(rows.order_by(F("folder__name").asc(nulls_last=True), "name", "pk"))
    fronts = visible.in_bulk({pk for row in found for pk in (row.cover_id, row.first) if pk})
    return [Shown(row, fronts.get(row.cover_id or 0) or fronts.get(row.first or 0), row.count) for row in found]


def fronts(collections: Iterable[Collection]) -> dict[int, int]:
    """Return the clip in front of each collection, by their ids: its cover, else its first; empty ones are left out."""
    covers = {row.pk: row.cover_id for row in collections}
    first = CollectionItem.objects.filter(collection=OuterRef("pk")).order_by("position", "pk").values("video")[:1]
    rows = Collection.objects.filter(pk__in=covers).annotate(first=Subquery(first)).values_list("pk", "first")
    return {pk: front for pk, clip in rows if (front := covers[pk] or clip)}


def counts(collections: Iterable[Collection], visible: VideoQuerySet) -> dict[int, int]:
    """Return how many of the `visible` clips collections have, by their ids; those without any are left out."""
    rows = visible.filter(items__collection__in=collections).order_by().values_list("items__collection")
    return dict(rows.annotate(n=Count("pk")))


def clips_of(collection: Collection, visible: VideoQuerySet) -> VideoQuerySet:
    """Return those clips of a collection that are among `visible`, in its order."""
    return visible.filter(items__collection=collection).order_by("items__position", "items__id")


def add(collection: Collection, videos: Iterable[Video]) -> int:
    """Put clips at the end, those that are not in it yet; return how many. Raises: ValidationError when it is full."""
    with _locked(collection) as items:
        have = set(items.values_list("video", flat=True))
        new = [video.pk for video in {video.pk: video for video in videos}.values() if video.pk not in have]
        if len(have) + len(new) > MOST_CLIPS:
            would_be = len(have) + len(new)
            words = _("A collection holds at most {most} clips, and this would be {count}. Nothing was added.")
            text = words.format(most=f"{MOST_CLIPS:,}", count=f"{would_be:,}")
            raise ValidationError({"v": text})
        last = items.order_by("-position").values_list("position", flat=True).first()
        start = 0 if last is None else last + 1
        CollectionItem.objects.bulk_create(
            CollectionItem(collection=collection, video_id=pk, position=start + n) for n, pk in enumerate(new)
        )
    return len(new)


def remove(collection: Collection, videos: Container[int]) -> int:
    """Take clips out of a collection, by their ids; the clips stay. Return how many."""
    gone, _each = collection.items.filter(video__in=videos).delete()
    return gone


def reorder(collection: Collection, ids: Sequence[int], among: Sequence[int]) -> None:
    """Bring clips into this order, at the places that they have among them; the others stay where they are.

    Raises: ValidationError when an id is not `among` those of the clips that a person sees in it, or stands twice.
    """
    with _locked(collection) as items:
        present = list(items.values_list("video", flat=True))
        if len(set(ids)) != len(ids) or not set(ids) <= set(present) & set(among):
            raise ValidationError(
                {"v": _("The collection has changed meanwhile. Nothing was moved: load the page again.")}
            )
        moved, queue = set(ids), iter(ids)
        after = [next(queue) if pk in moved else pk for pk in present]
        places = [When(video=pk, then=Value(place)) for place, pk in enumerate(after)]
        if places:
            items.update(position=Case(*places))


def move(collection: Collection, pk: int, by: int, among: Sequence[int]) -> None:
    """Move a clip by some places among the clips that a person sees. Raises: ValidationError."""
    if pk not in among:
        raise ValidationError({"v": _("That clip is not in the collection. Nothing was moved.")})
    order = [each for each in among if each != pk]
    place = min(max(0, among.index(pk) + by), len(order))
    reorder(collection, [*order[:place], pk, *order[place:]], among)


@contextmanager
def _locked(collection: Collection) -> Iterator[QuerySet[CollectionItem]]:
    """Change the items of a collection one after another: two people may do so at once."""
    with transaction.atomic():
        Collection.objects.select_for_update().get(pk=collection.pk)
        yield collection.items.all()


def _named(name: str) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > LONGEST_NAME:
        text = _("A collection needs a name of at most {most} characters.").format(most=LONGEST_NAME)
        raise ValidationError({"name": text})
    return name


def _free_slug(name: str) -> str:
    stem = slugify(name)[:SLUG_LENGTH].strip("-") or "collection"
    taken = set(Collection.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    numbered = (f"{stem}-{n}" for n in range(2, len(taken) + 3))
    return next(slug for slug in (stem, *numbered) if slug not in taken)
