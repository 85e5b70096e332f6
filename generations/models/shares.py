"""Links that show something to people without an account, and searches that people keep."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models.collections import Collection
from generations.models.videos import Video


def new_token() -> str:
    """Return 192 random bits for an address."""
    return secrets.token_urlsafe(24)


class ShareQuerySet(models.QuerySet["Share"]):
    def open(self, *, at: datetime) -> ShareQuerySet:
        """Select the links that work: not revoked, not expired, of a person who may still sign in."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=at)
        return self.filter(unexpired, revoked_at=None, created_by__is_active=True)


class Share(models.Model):
    """A link to one clip, one collection, or what a search finds."""

    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    video = models.ForeignKey(Video, on_delete=models.CASCADE, null=True, blank=True, related_name="shares")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, null=True, blank=True, related_name="shares")
    search = models.TextField(blank=True, help_text="The search's address, such as q=fox&ratio=9:16.")
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Empty: never."))
    password = models.CharField(max_length=128, blank=True, editable=False, help_text="Hashed.")
    may_download = models.BooleanField(_("downloads allowed"), default=False)
    may_comment = models.BooleanField(_("comments allowed"), default=False)
    views = models.PositiveIntegerField(_("views"), default=0, editable=False)
    tries = models.PositiveIntegerField(
        default=0, editable=False, help_text="Wrong passwords, each less than a minute after the one before."
    )
    tried_at = models.DateTimeField(null=True, editable=False, help_text="When a password was last tried.")
    created_at = models.DateTimeField(_("created at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shares", verbose_name=_("created by")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(video__isnull=False, collection=None, search="")
                | models.Q(video=None, collection__isnull=False, search="")
                | (models.Q(video=None, collection=None) & ~models.Q(search="")),
                name="share_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return str(self.video or self.collection or gettext("Search {search}").format(search=self.search))

    def get_absolute_url(self) -> str:
        return reverse("share", args=[self.token])

    @property
    def kind(self) -> str:
        return "clip" if self.video_id else "collection" if self.collection_id else "search"

    def is_open(self, *, at: datetime) -> bool:
        """Return whether the link works; `ShareQuerySet.open` says the same of rows."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


class SavedSearch(models.Model):
    """A search that a person keeps, with a feed of its own under a secret address."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=100)
    search = models.TextField(blank=True, help_text="As in the address, such as q=fox&ratio=9:16.")
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="saved_search_once_per_name")]

    def __str__(self) -> str:
        return self.name
