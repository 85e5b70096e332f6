"""A pause: no order goes to a provider until a person has seen to its key or money."""

from django.db import models


class Pause(models.Model):
    """Its row is there while it is open; deleting it, which the admin records, closes it."""

    provider = models.CharField(max_length=20, primary_key=True)
    reason = models.CharField(max_length=500)
    paused_at = models.DateTimeField()

    class Meta:
        verbose_name = "paused provider"

    def __str__(self) -> str:
        return f"{self.provider}: {self.reason}"
