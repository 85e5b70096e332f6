"""Prices of clips: dated rows with their source, never changed, superseded by newer ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone

from generations.formats import exact
from generations.providers.base import Order

PRICE_MAX = Decimal(1_000)  # USD for one clip; more is a typing error
SAME = ["provider", "model", "mode", "duration_seconds", "route", "valid_from"]


class PriceQuerySet(models.QuerySet["Price"]):
    def of(self, order: Order, *, on: date) -> Decimal | None:
        """Return the price of one clip on a day, in USD; None when it is unknown.

        A price for this sound or route comes before one for any, then the newest comes first.
        """
        row = (
            self.filter(provider=order.provider, model=order.model, mode=order.mode)
            .filter(duration_seconds=order.duration_seconds, valid_from__lte=on)
            .filter(Q(sound=None) | Q(sound=order.sound), Q(route="") | Q(route=order.route))
            .order_by(F("sound").asc(nulls_last=True), "-route", "-valid_from", "-id")
            .first()
        )
        return row.usd if row else None

    def with_superseded(self, *, on: date) -> PriceQuerySet:
        """Annotate `superseded`: whether a newer price for exactly the same is in force on a day."""
        same = {name: OuterRef(name) for name in SAME if name != "valid_from"}
        newer = Price.objects.filter(**same, valid_from__gt=OuterRef("valid_from"), valid_from__lte=on)
        for_any, for_one = newer.filter(sound=None), newer.filter(sound=OuterRef("sound"))
        return self.annotate(superseded=Case(When(sound=None, then=Exists(for_any)), default=Exists(for_one)))


class Price(models.Model):
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=50)
    mode = models.CharField(max_length=50)
    duration_seconds = models.PositiveSmallIntegerField()
    sound = models.BooleanField(null=True, blank=True, help_text="Unknown: the price holds with and without sound.")
    route = models.CharField(max_length=20, blank=True, help_text="Empty: the price holds for every route.")
    usd = models.DecimalField(
        "USD",
        max_digits=10,
        decimal_places=4,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(PRICE_MAX)],
    )
    valid_from = models.DateField()
    source = models.CharField(max_length=200, help_text="Where the price was read.")
    checked_at = models.DateTimeField(default=timezone.now, help_text="When the source was last read.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["provider", "model", "mode", "duration_seconds", "-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(usd__gte=0, usd__lte=PRICE_MAX), name="price_usd_sane"),
            models.CheckConstraint(condition=~Q(source=""), name="price_has_a_source"),
            # Two prices for the same clip from the same day would be ambiguous. NULLs are never equal, so "with and
            # without sound" has its own constraint.
            models.UniqueConstraint(fields=[*SAME, "sound"], name="price_once_a_day_by_sound"),
            models.UniqueConstraint(fields=SAME, condition=Q(sound=None), name="price_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model} {self.mode} {self.duration_seconds} s: {self.usd} USD"

    @property
    def key(self) -> tuple[str, str, str]:
        """The offer that it is for."""
        return self.provider, self.model, self.mode

    def as_json(self) -> dict[str, Any]:
        """Return the price with the keys of `manage.py prices --json`."""
        names = ("provider", "model", "mode", "duration_seconds", "sound", "source")
        return {
            "id": self.pk,
            **{name: getattr(self, name) for name in names},
            "route": self.route or None,
            "usd": exact(self.usd),
            "valid_from": self.valid_from.isoformat(),
            "checked_at": self.checked_at.isoformat(),
        }
