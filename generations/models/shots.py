"""Shots: the takes of one order and all of its retries, which the catalog shows as one card."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Shot(models.Model):
    """What the takes of one order have in common; `chosen` stands in front, or the newest where none is chosen."""

    chosen = models.OneToOneField(
        "generations.Video", on_delete=models.SET_NULL, null=True, blank=True, related_name="chosen_for"
    )

    class Meta:
        verbose_name = _("shot")
        verbose_name_plural = _("shots")

    def __str__(self) -> str:
        return f"Shot {self.pk}"
