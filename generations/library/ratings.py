"""Rate clips with the team's stars, and keep each person's own favourite clips and prompts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet

from generations.models import Favourite, FavouritePrompt, Person, Prompt, Video
from generations.models.videos import MAX_RATING


def rate(video: Video, stars: int) -> None:
    """Give a clip the team's stars; 0 clears them. Raises: ValueError for stars outside 0 to 5."""
    if not 0 <= stars <= MAX_RATING:
        raise ValueError(f"stars: 0 to {MAX_RATING}, not {stars}")
    Video.objects.filter(pk=video.pk).update(rating=stars)


def set_favourite(video: Video, person: Person, liked: bool) -> None:
    """Add a clip to a person's favourites, or take it out; the same again changes nothing."""
    if liked:
        Favourite.objects.get_or_create(video=video, person=person)
    else:
        Favourite.objects.filter(video=video, person=person).delete()


def set_favourite_prompt(prompt: Prompt, person: Person, liked: bool) -> None:
    """Add a prompt to a person's favourites, or take it out; the same again changes nothing."""
    if liked:
        FavouritePrompt.objects.get_or_create(prompt=prompt, person=person)
    else:
        FavouritePrompt.objects.filter(prompt=prompt, person=person).delete()


def with_favourite(videos: QuerySet[Video], person: AbstractBaseUser | AnonymousUser) -> QuerySet[Video]:
    """Add `is_favourite` to each clip: whether it is one of the person's own."""
    own = Favourite.objects.filter(person=person.pk, video=OuterRef("pk")) if person.pk else Favourite.objects.none()
    marks: dict[str, Any] = {"is_favourite": Exists(own)}
    return videos.annotate(**marks)
