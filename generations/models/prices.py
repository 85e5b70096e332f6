"""Prices of clips: dated rows with their source, never changed, superseded by newer ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, When
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.formats import as_price, exact
from generations.providers import offers
from generations.providers.base import Order

ANY_LENGTH = 0  # the duration of a price by the second
PRICE_MAX = Decimal(1_000)  # USD for one clip; more is a typing error
SAME = ["provider", "model", "mode", "duration_seconds", "route", "settings", "valid_from"]


class Unit(models.TextChoices):
    CLIP = "clip", _("a clip")
    SECOND = "second", _("a second")


class Quote(NamedTuple):
    """What one clip of an order costs: in USD, None when it is unknown, and whether that is a starting price."""

    usd: Decimal | None
    is_minimum: bool = False


class PriceQuerySet(models.QuerySet["Price"]):
    def best(self, order: Order, *, on: date) -> Price | None:
        """Return the price that applies to an order on a day: the most specific one, then the newest; None for none."""
        rows = self.filter(provider=order.provider, model=order.model, mode=order.mode, valid_from__lte=on)
        return _best_of(rows, order)

    def quote(self, order: Order, *, on: date) -> Quote:
        """Return what one clip costs on a day."""
        return _quote(self.best(order, on=on), order)

    def quotes(self, orders: Sequence[Order], *, on: date) -> list[Quote]:
        """Return what one clip of each order costs on a day; all prices are read by one query."""
        models = {order.model for order in orders}
        rows = list(self.filter(model__in=models, valid_from__lte=on)) if models else []
        return [_quote(_best_of(rows, order), order) for order in orders]

    def with_superseded(self, *, on: date) -> PriceQuerySet:
        """Annotate `superseded`: whether a newer price for exactly the same is in force on a day."""
        same = {name: OuterRef(name) for name in SAME if name != "valid_from"}
        newer = Price.objects.filter(**same, valid_from__gt=OuterRef("valid_from"), valid_from__lte=on)
        for_any, for_one = newer.filter(sound=None), newer.filter(sound=OuterRef("sound"))
        return self.annotate(superseded=Case(When(sound=None, then=Exists(for_any)), default=Exists(for_one)))


def _best_of(rows: Iterable[Price], order: Order) -> Price | None:
    return max((row for row in rows if row.holds_for(order)), key=lambda row: row.specificity, default=None)


def _quote(price: Price | None, order: Order) -> Quote:
    return Quote(price.for_clip(order), price.is_minimum) if price else Quote(None)


class Price(models.Model):
    provider = models.CharField(_("provider"), max_length=20)
    model = models.CharField(_("model"), max_length=50)
    mode = models.CharField(_("mode"), max_length=50)
    duration_seconds = models.PositiveSmallIntegerField(
        _("duration seconds"),
        default=ANY_LENGTH,
        blank=True,
        help_text=_("Empty: any length, for a price by the second."),
    )
    sound = models.BooleanField(
        _("sound"), null=True, blank=True, help_text=_("Unknown: the price holds with and without sound.")
    )
    route = models.CharField(_("route"), max_length=20, blank=True, help_text=_("Empty: the account's default route."))
    settings = models.CharField(
        _("settings"),
        max_length=200,
        blank=True,
        help_text=_("Other parameters that it holds for, as NAME=VALUE with spaces between: resolution=1080p."),
    )
    unit = models.CharField(_("unit"), max_length=10, choices=Unit.choices, default=Unit.CLIP)
    is_minimum = models.BooleanField(
        _("starting price"), default=False, help_text=_("The page calls it so: a clip may cost more.")
    )
    usd = models.DecimalField(
        "USD",
        max_digits=10,
        decimal_places=4,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(PRICE_MAX)],
    )
    is_free = models.BooleanField(
        _("free on purpose"), default=False, help_text=_("For a clip that costs nothing: its price is 0.")
    )
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=200, help_text=_("Where the price was read."))
    checked_at = models.DateTimeField(default=timezone.now, help_text="When the source was last read.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["provider", "model", "mode", "duration_seconds", "-valid_from"]
        permissions = [("add_free_price", "Can add a price of 0 on purpose")]
        constraints = [
            models.CheckConstraint(
                condition=Q(usd__gt=0, usd__lte=PRICE_MAX, is_free=False) | Q(usd=0, is_free=True),
                name="price_is_free_on_purpose",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="price_has_a_source"),
            # Two prices for the same clip from the same day would be ambiguous. NULLs are never equal, so "with and
            # without sound" has its own constraint.
            models.UniqueConstraint(fields=[*SAME, "sound"], name="price_once_a_day_by_sound"),
            models.UniqueConstraint(fields=SAME, condition=Q(sound=None), name="price_once_a_day"),
        ]

    def __str__(self) -> str:
        return gettext("{model} on {provider}, {mode}, {length}: {amount}").format(
            model=offers.model_name(self.model), provider=offers.provider_name(self.provider),
            mode=offers.mode_name(self.mode).lower(), length=self.length, amount=self.amount,
        )  # fmt: skip

    @property
    def length(self) -> str:
        return f"{self.duration_seconds} s" if self.duration_seconds else gettext("any length")

    @property
    def amount(self) -> str:
        """The price as text: `$0.30`, `from $0.06 a second` or `free`."""
        amount = as_price(self.usd, is_minimum=self.is_minimum)
        return gettext("{amount} a second").format(amount=amount) if self.unit == Unit.SECOND and self.usd else amount

    @property
    def named(self) -> dict[str, str]:
        """The further parameters that the price applies to."""
        return dict(pair.split("=", 1) for pair in self.settings.split())

    def holds_for(self, order: Order) -> bool:
        """Return whether it is a price of what is ordered, on the days on which it is valid."""
        if self.key != (order.provider, order.model, order.mode) or self.route != order.route:
            return False
        if self.duration_seconds not in (order.duration_seconds, ANY_LENGTH) or self.sound not in (None, order.sound):
            return False
        chosen = {name: str(value).lower() for name, value in order.parameters.items() if name in self.named}
        return chosen == {name: value.lower() for name, value in self.named.items()}

    @property
    def specificity(self) -> tuple[int, bool, int, date, int]:
        """Return what compares the prices that hold for an order: the most specific one is the greatest."""
        return len(self.named), self.sound is not None, self.duration_seconds, self.valid_from, self.pk

    def for_clip(self, order: Order) -> Decimal | None:
        """Return the price of one clip of an order that it applies to, in USD; None while its seconds are unknown."""
        if self.unit == Unit.CLIP:
            return self.usd
        return self.usd * order.duration_seconds if order.duration_seconds else None

    @property
    def key(self) -> tuple[str, str, str]:
        """The offer that the price is for."""
        return self.provider, self.model, self.mode

    def as_json(self) -> dict[str, Any]:
        """Return the price with the keys of `manage.py prices --json`."""
        names = ("provider", "model", "mode", "sound", "source", "is_minimum", "is_free", "unit")
        return {
            "id": self.pk,
            **{name: getattr(self, name) for name in names},
            "duration_seconds": self.duration_seconds or None,
            "parameters": self.named,
            "route": self.route or None,
            "usd": exact(self.usd),
            "valid_from": self.valid_from.isoformat(),
            "checked_at": self.checked_at.isoformat(),
        }
