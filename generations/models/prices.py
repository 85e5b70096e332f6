"""What a clip costs: dated rows with their source, never changed, superseded by newer ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from generations.providers.base import Order

SAME = ["provider", "model", "mode", "duration_seconds", "route", "valid_from"]


class PriceQuerySet(models.QuerySet["Price"]):
    def of(self, order: Order, *, on: date) -> Decimal | None:
        """USD for one clip on a day; None when no price is known. A price that names the sound or the route wins
        over one for any, then the newest one does."""
        row = (
            self.filter(provider=order.provider, model=order.model, mode=order.mode)
            .filter(duration_seconds=order.duration_seconds, valid_from__lte=on)
            .filter(Q(sound=None) | Q(sound=order.sound), Q(route="") | Q(route=order.route))
            .order_by(F("sound").asc(nulls_last=True), "-route", "-valid_from", "-id")
            .first()
        )
        return row.usd if row else None


class Price(models.Model):
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=50)
    mode = models.CharField(max_length=50)
    duration_seconds = models.PositiveSmallIntegerField()
    sound = models.BooleanField(null=True, blank=True, help_text="Unknown: the price holds with and without sound.")
    route = models.CharField(max_length=20, blank=True, help_text="Empty: the price holds for every route.")
    usd = models.DecimalField("USD", max_digits=10, decimal_places=4, validators=[MinValueValidator(Decimal(0))])
    valid_from = models.DateField()
    source = models.CharField(max_length=200, help_text="Where the price was read.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["provider", "model", "mode", "duration_seconds", "-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(usd__gte=0), name="price_usd_not_negative"),
            # Two prices for the same thing from the same day would leave the choice to chance. A NULL is never equal
            # to another, so "with and without sound" has a constraint of its own.
            models.UniqueConstraint(fields=[*SAME, "sound"], name="price_once_a_day_by_sound"),
            models.UniqueConstraint(fields=SAME, condition=Q(sound=None), name="price_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model} {self.mode} {self.duration_seconds} s: {self.usd} USD"
