"""Callbacks as they came: kept raw as evidence; nothing acts on what they say."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from generations.models.tasks import GenerationTask


class Delivery(models.Model):
    """A provider's callback about a task; the same body again is the same delivery."""

    task = models.ForeignKey(GenerationTask, on_delete=models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    body = models.TextField()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["task", "digest"], name="delivery_once")]

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M:%S}"
