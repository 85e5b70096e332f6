"""The timeline of a task: its moves, and notes between them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from generations.models.statuses import Status
from generations.models.tasks import GenerationTask


class TaskEvent(models.Model):
    """A line of a task's timeline; move() and note() write it, and nothing changes it."""

    task = models.ForeignKey(GenerationTask, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    was = models.CharField(max_length=12, choices=Status.choices)
    now = models.CharField(max_length=12, choices=Status.choices)
    reason = models.TextField()

    class Meta:
        verbose_name = _("task event")
        verbose_name_plural = _("task events")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.was} → {self.now}: {self.reason}" if self.was != self.now else self.reason
