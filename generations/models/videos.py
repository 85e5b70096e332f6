"""Stored clips: a row exists only while its complete, verified file does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from generations.folding import fold
from generations.formats import clock, megabytes
from generations.models.campaigns import Campaign
from generations.models.people import Person
from generations.models.prompts import Prompt
from generations.models.shots import Shot
from generations.models.tasks import GenerationTask

MAX_RATING = 5


class Review(models.TextChoices):
    UNDECIDED = "", _("undecided")
    IN_REVIEW = "in_review", _("in review")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


class State(models.TextChoices):
    """Where a clip stands between stored and published."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    PUBLISHED = "published", _("published")


UNPUBLISHED = models.Q(published_at=None)
STATES: dict[str, models.Q] = {
    State.DRAFT: models.Q(review=Review.UNDECIDED),
    State.IN_REVIEW: models.Q(review=Review.IN_REVIEW),
    State.APPROVED: UNPUBLISHED & models.Q(review=Review.APPROVED),
    State.REJECTED: models.Q(review=Review.REJECTED),
    State.PUBLISHED: ~UNPUBLISHED,
}
CHOSEN = models.Q(review=Review.APPROVED) | ~UNPUBLISHED


def state_of(review: str, published_at: datetime | None) -> State:
    """Return the state of a clip with these columns."""
    return State.PUBLISHED if published_at else State(review or State.DRAFT)


def small_name(poster: str) -> str:
    """Return the name of the small poster beside a poster: `posters/2026/a-320.jpg`."""
    return f"{poster.removesuffix('.jpg')}-320.jpg"


def folded_words(task: GenerationTask, title: str, description: str = "") -> str:
    """Return what searches compare of a clip: its title and description, the words that were ordered, its tags."""
    return fold(title, description, task.prompt_text, *(tag.name for tag in task.prompt.tags.all()))


# Nobody has approved or rejected it since.
ARRIVED_DAMAGED = ~models.Q(arrived_damaged="") & models.Q(review=Review.UNDECIDED)


class VideoQuerySet(models.QuerySet["Video"]):
    def visible_to(self, person: Person | AnonymousUser) -> VideoQuerySet:
        """Select what a person may browse: everyone who signs in, all but the clips of campaigns closed to them.

        People whose groups do not say `see_drafts` see, of what others ordered, only what was approved or published.
        People who are not signed in see what is published, and only where CATALOG_PUBLIC lets them.
        """
        if isinstance(person, AnonymousUser):
            return self.filter(published_at__isnull=False) if settings.CATALOG_PUBLIC else self.none()
        closed = list(Campaign.objects.closed_to(person).values_list("pk", flat=True))  # few: an index serves the rest
        videos = self.exclude(campaign__in=closed) if closed else self
        if person.has_perm("generations.see_drafts"):
            return videos
        return videos.filter(CHOSEN | models.Q(ordered_by=person))

    def refresh_words(self) -> None:
        """Write again what searches compare, after a title, a description or a tag has changed."""
        rows = self.select_related("task").prefetch_related("task__prompt__tags").order_by("pk")
        for video in rows.iterator(chunk_size=500):
            words = folded_words(video.task, video.title, video.description)
            if words != video.words:
                Video.objects.filter(pk=video.pk).update(words=words)

    def to_decode(self, *, at: datetime) -> VideoQuerySet:
        """Select clips whose late decoding is due, the one whose link ends first at the front.

        A file that is not what was stored waits for its repair.
        """
        due = self.filter(decode_due_at__lte=at, damage="")
        return due.order_by(models.F("task__source_expires_at").asc(nulls_last=True), "id")

    def to_preview(self, *, at: datetime) -> VideoQuerySet:
        """Select clips whose preview is due, the one due longest at the front; a damaged file waits for its repair."""
        return self.filter(preview_due_at__lte=at, damage="").order_by("preview_due_at", "id")

    def make_preview_again(self, *, at: datetime) -> int:
        """Have previews made anew, as after a change of the clip's bytes; a file that had the name stays behind."""
        return self.update(preview="", preview_due_at=at, preview_tries=0)

    def arrived_damaged(self) -> VideoQuerySet:
        """Select clips that the provider delivered damaged, and that nobody has approved or rejected since."""
        return self.filter(ARRIVED_DAMAGED)

    def count_damaged(self) -> dict[str, int]:
        """Count the clips whose file is damaged, and those of `arrived_damaged`, each by an index of its own."""
        return {"damaged": self.exclude(damage="").count(), "arrived_damaged": self.arrived_damaged().count()}


class Video(models.Model):
    task = models.ForeignKey(GenerationTask, on_delete=models.PROTECT, related_name="videos")
    position = models.PositiveSmallIntegerField(help_text="Which of the order's results it is, from 0.")
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    file = models.FileField(max_length=200, unique=True, help_text="Relative to the storage's root.")
    poster = models.FileField(max_length=200, blank=True, db_index=True)
    poster_small = models.FileField(max_length=200, blank=True, db_index=True, help_text="The one that lists load.")
    poster_seconds = models.FloatField(
        null=True, help_text="Where in the clip a person chose its poster; empty: nobody."
    )
    source_url = models.TextField(blank=True, help_text="Blanked by the clean-up once the provider has deleted it.")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    duration_seconds = models.FloatField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fps = models.FloatField()
    has_audio = models.BooleanField(_("has audio"))
    # Copies of what was ordered, which never changes, so that the catalog filters and sorts without a join.
    shot = models.ForeignKey(Shot, on_delete=models.PROTECT, related_name="videos", db_index=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="videos", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="videos", db_index=False)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="videos", db_index=False
    )
    provider = models.CharField(max_length=20)
    model = models.CharField(_("model"), max_length=50)
    mode = models.CharField(max_length=50)
    aspect_ratio = models.CharField(max_length=10, blank=True)
    practice = models.BooleanField(_("practice"))
    words = models.TextField(blank=True, help_text="Title, prompt, tags and description, folded for searches.")
    differences = models.JSONField(default=list, help_text="Where the clip differs from what was ordered.")
    created_at = models.DateTimeField()
    review = models.CharField(max_length=10, choices=Review.choices, default=Review.UNDECIDED, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    rating = models.PositiveSmallIntegerField(default=0, help_text="The team's stars, 0 to 5.")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    is_labelled = models.BooleanField(default=False, help_text="It is shown with the label AI-generated.")
    preview = models.FileField(max_length=200, blank=True, db_index=True, help_text="Small, silent, for lists.")
    preview_due_at = models.DateTimeField(null=True, help_text="When the preview is to be made; empty: not to be made.")
    preview_tries = models.PositiveSmallIntegerField(default=0, help_text="How often making the preview was begun.")
    color = models.CharField(max_length=7, blank=True, help_text="The poster's dominant color, such as #1a2b3c.")
    checked_at = models.DateTimeField(
        null=True, help_text="When the file was last compared with this row, to the byte."
    )
    damage = models.CharField(max_length=200, blank=True, help_text="What is wrong with the file; a person is told.")
    decoded_at = models.DateTimeField(null=True, help_text="When every frame was decoded; empty until then.")
    decode_due_at = models.DateTimeField(
        null=True, help_text="When it is to be decoded, or fetched again; empty when nothing remains to be done."
    )
    arrived_damaged = models.CharField(
        max_length=200, blank=True, help_text="What is wrong with the bytes that the provider delivered."
    )

    is_favourite = False  # of the person who looks; lists that look it up set it
    takes_count = 1  # how many takes its card stands for; lists of stacks set it
    has_end_image = False  # it was ordered with one; lists that look it up set it

    objects = VideoQuerySet.as_manager()

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "position"], name="video_once_per_result"),
            models.CheckConstraint(condition=models.Q(size_bytes__gt=0), name="video_has_bytes"),
            # Each clip was decoded to its end, or will be.
            models.CheckConstraint(
                condition=models.Q(decoded_at__isnull=False) | models.Q(decode_due_at__isnull=False),
                name="video_decoded_or_due",
            ),
            models.CheckConstraint(
                condition=models.Q(review__in=[Review.UNDECIDED, Review.IN_REVIEW], reviewed_at=None)
                | models.Q(review__in=[Review.APPROVED, Review.REJECTED], reviewed_at__isnull=False),
                name="video_review_has_its_time",
            ),
            models.CheckConstraint(condition=models.Q(rating__lte=MAX_RATING), name="video_rating_0_to_5"),
            models.CheckConstraint(
                condition=models.Q(published_at=None, published_by=None)
                | models.Q(published_at__isnull=False, published_by__isnull=False, review=Review.APPROVED),
                name="video_published_is_approved",
            ),
        ]
        permissions = [
            ("review_clips", "Can approve and reject clips"),
            ("publish_clips", "Can publish clips"),
            ("share_clips", "Can share clips by a link"),
            ("see_drafts", "Can see clips of others before they are approved"),
        ]
        # The catalog is paged by the first pair, alone or within a filter. On PostgreSQL migration 0020 adds a trigram
        # index on `words`, which SQLite would take for an ordinary one.
        indexes = [
            models.Index(fields=["-created_at", "-id"]),
            *(
                models.Index(fields=[name, "-created_at", "-id"], name=f"video_{name}")
                for name in ("shot", "model", "campaign", "ordered_by", "prompt")
            ),
            models.Index(fields=["-rating", "-created_at", "-id"], name="video_by_rating"),
            models.Index(fields=["-duration_seconds", "-created_at", "-id"], name="video_by_duration"),
            models.Index(
                fields=["preview_due_at"], name="video_preview_due", condition=models.Q(preview_due_at__isnull=False)
            ),
            models.Index(
                fields=["-published_at", "-id"], name="video_published", condition=models.Q(published_at__isnull=False)
            ),
            models.Index(
                fields=["decode_due_at"], name="video_decode_due", condition=models.Q(decode_due_at__isnull=False)
            ),
            # The first page counts what is damaged among all clips.
            models.Index(fields=["damage"], name="video_damaged", condition=~models.Q(damage="")),
            models.Index(fields=["review"], name="video_arrived_damaged", condition=~models.Q(arrived_damaged="")),
            # Reports count approved clips and their seconds.
            models.Index(
                fields=["task", "duration_seconds"], name="video_approved", condition=models.Q(review=Review.APPROVED)
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("video", args=[self.pk])

    @property
    def state(self) -> State:
        return state_of(self.review, self.published_at)

    @property
    def url(self) -> str:
        return self.file.url

    @property
    def poster_url(self) -> str:
        return self.poster.url if self.poster else ""

    @property
    def small_poster_url(self) -> str:
        """The picture of lists; a clip from before small posters has its large one until the daily comparison."""
        return self.poster_small.url if self.poster_small else self.poster_url

    @property
    def path(self) -> Path:
        return Path(self.file.path)

    @property
    def length(self) -> str:
        return clock(self.duration_seconds)

    @property
    def size(self) -> str:
        return megabytes(self.size_bytes)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.pk,
            "url": self.url,
            "path": self.file.name,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "duration_seconds": round(self.duration_seconds, 3),
            "width": self.width,
            "height": self.height,
            "fps": round(self.fps, 3),
            "has_audio": self.has_audio,
        }
