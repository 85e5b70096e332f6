"""Collections of clips in an order that people choose, and the folders that hold collections."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models.videos import Video


class Folder(models.Model):
    """A folder of collections; folders hold no folders."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Collection(models.Model):
    """Clips that people put together; `is_restricted` closes it to all but the named people and groups."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=60, unique=True, help_text=_("Names it in addresses."))
    description = models.TextField(_("description"), blank=True)
    folder = models.ForeignKey(
        Folder, on_delete=models.SET_NULL, null=True, blank=True, related_name="collections", verbose_name=_("folder")
    )
    cover = models.ForeignKey(Video, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_restricted = models.BooleanField(
        _("restricted"), default=False, help_text=_("Only these people and groups see it.")
    )
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="collections", verbose_name=_("people")
    )
    groups = models.ManyToManyField("auth.Group", blank=True, related_name="collections", verbose_name=_("groups"))
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("collection", args=[self.slug])


class CollectionItem(models.Model):
    """A clip's place in a collection."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField(help_text="From 0; gaps are allowed.")

    class Meta:
        verbose_name = _("collection item")
        verbose_name_plural = _("collection items")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["collection", "video"], name="collection_item_once")]

    def __str__(self) -> str:
        return gettext("{clip} in {collection}").format(clip=self.video, collection=self.collection)
