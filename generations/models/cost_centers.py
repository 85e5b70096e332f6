"""What an entry of the ledger was for, as one number: reports group by it without reading the tasks."""

from __future__ import annotations

from django.db import models

NOBODY = 0  # stands for no campaign, and for no person


class CostCenter(models.Model):
    """One combination under which money is counted; PostgreSQL makes them, see the trigger of migration 0007."""

    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=50)
    mode = models.CharField(max_length=50)
    # Numbers and no foreign keys: a NULL is never equal to another one, and this row must be found again.
    campaign_key = models.BigIntegerField(default=NOBODY)
    person_key = models.BigIntegerField(default=NOBODY)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "model", "mode", "campaign_key", "person_key"], name="cost_center_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model} {self.mode}"
