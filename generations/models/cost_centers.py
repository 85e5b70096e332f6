"""Cost centers: what a ledger entry was for as one key, so that reports need not read tasks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

NOBODY = 0  # stands for no campaign, and for no person


class CostCenter(models.Model):
    """What an entry was for: provider, model, mode, campaign and person; a trigger of migration 0007 inserts it."""

    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=50)
    mode = models.CharField(max_length=50)
    # Not foreign keys: NULLs are never equal, and the unique constraint must find this row again.
    campaign_key = models.BigIntegerField(default=NOBODY)
    person_key = models.BigIntegerField(default=NOBODY)

    class Meta:
        verbose_name = _("cost center")
        verbose_name_plural = _("cost centers")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "model", "mode", "campaign_key", "person_key"], name="cost_center_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model} {self.mode}"
