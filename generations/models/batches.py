"""Batches: what was ordered together as more than one clip, and the part of it that was ordered again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Batch(models.Model):
    """An order of several clips that was confirmed at once; its tasks name it, and those that stand in for them."""

    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="batches")
    stops_when_approved = models.BooleanField(
        default=False, help_text="Once one clip is approved, all of it that was not sent is canceled."
    )

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]
        default_permissions = ()  # who may see tasks sees batches, who may order stops them

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("batch", args=[self.pk])
