"""What people say about clips: comments at a frame, favourites, disclosure decisions, and each clip's history."""

from __future__ import annotations

import re

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.formats import timecode
from generations.models.shares import Share
from generations.models.videos import Video

MENTION = re.compile(r"(?<![\w@.+-])@([\w@.+-]{1,150})")  # the characters that Django lets a username have


class Comment(models.Model):
    """A comment on a clip, at a moment of it or on all of it; by a person, or by a guest of a share link."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies")
    at_seconds = models.FloatField(null=True, blank=True, help_text="Empty: about the whole clip.")
    text = models.TextField(max_length=2000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="comments"
    )
    guest_name = models.CharField(max_length=60, blank=True)
    share = models.ForeignKey(Share, on_delete=models.SET_NULL, null=True, blank=True, related_name="comments")
    mentions = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="mentioned_in")
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def said_by(self) -> str:
        """The name that stands over it."""
        if self.author:
            return self.author.get_full_name() or self.author.get_username()
        return self.guest_name or gettext("Someone who left")

    @property
    def timecode(self) -> str:
        """Its moment, such as `0:03.12`; empty for all of the clip."""
        return "" if self.at_seconds is None else timecode(self.at_seconds)

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it is an @name."""
        found, end = [], 0
        for name in MENTION.finditer(self.text):
            found += [(self.text[end : name.start()], False), (name[0], True)]
            end = name.end()
        return [*found, (self.text[end:], False)]


class Favourite(models.Model):
    """A clip that one person likes; others do not see it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="favourites")

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        constraints = [models.UniqueConstraint(fields=["person", "video"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.video}, {self.person}"


class Disclosure(models.Model):
    """A person's decision, before publishing, whether a clip must be labelled as made with AI."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="disclosures")
    could_seem_real = models.BooleanField(help_text="Shows what could be taken for a real person, place or event.")
    is_labelled = models.BooleanField(help_text="The label AI-generated is shown.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return gettext("labelled") if self.is_labelled else gettext("not labelled")


class ClipEvent(models.Model):
    """A move of a clip between its states, with its person and reason."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    was = models.CharField(max_length=20)
    now = models.CharField(max_length=20)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("clip event")
        verbose_name_plural = _("clip events")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.was} to {self.now}"
