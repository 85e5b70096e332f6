"""Budgets: how much may be spent on what, and how much of it is reserved and spent in each period."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Prefetch, Q
from django.db.models.functions import Round
from django.db.models.lookups import LessThanOrEqual
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from generations.formats import exact, usd
from generations.models.campaigns import Campaign

LIMIT_MAX = Decimal(1_000_000)  # USD; more is a typing error
EVER = date(1970, 1, 1)  # when the one period of a "total" budget starts
ALARMS = (50, 80, 100)  # percent of the limit


class Scope(models.TextChoices):
    SITE = "site", _("the whole site")
    CAMPAIGN = "campaign", _("a campaign")
    PERSON = "person", _("a person")


class Period(models.TextChoices):
    DAY = "day", _("per day")
    MONTH = "month", _("per month")
    TOTAL = "total", _("in total")


def starts_on(period: str, day: date) -> date:
    """Return the first day of the period that a day lies in."""
    return {Period.DAY: day, Period.MONTH: day.replace(day=1)}.get(Period(period), EVER)


def money_column(**options: Any) -> models.DecimalField[Decimal, Decimal]:
    return models.DecimalField(max_digits=12, decimal_places=4, **options)


class BudgetQuerySet(models.QuerySet["Budget"]):
    def of_this_site(self) -> BudgetQuerySet:
        """Select budgets of practice money in practice mode, of real money otherwise."""
        return self.filter(practice=settings.PRACTICE)

    def covering(self, *, practice: bool, campaign_id: int | None, person_id: int | None) -> BudgetQuerySet:
        """Select the budgets that an order counts in, in the order in which their rows are locked."""
        mine = Q(scope=Scope.SITE)
        if campaign_id:
            mine |= Q(campaign=campaign_id)
        if person_id:
            mine |= Q(person=person_id)
        return self.filter(mine, practice=practice).select_related("campaign", "person").order_by("pk")

    def with_periods(self, *, at: datetime) -> BudgetQuerySet:
        """Prefetch the counters of the periods that a moment lies in, for `period_at()`."""
        firsts = {starts_on(period, timezone.localdate(at)) for period in Period.values}
        return self.prefetch_related(Prefetch("periods", BudgetPeriod.objects.filter(starts_on__in=firsts)))


class Budget(models.Model):
    """A limit on what the whole site, a campaign or a person may spend in a period."""

    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices, default=Scope.SITE)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="budgets", verbose_name=_("campaign")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
        verbose_name=_("person"),
    )
    period = models.CharField(_("period"), max_length=10, choices=Period.choices, default=Period.MONTH)
    limit_usd = money_column(
        verbose_name=_("limit in USD"), validators=[MinValueValidator(Decimal(0)), MaxValueValidator(LIMIT_MAX)]
    )
    hard = models.BooleanField(
        _("hard"),
        default=True,
        help_text=_("Hard: an order that does not fit is refused. Otherwise it is only warned about."),
    )
    practice = models.BooleanField(editable=False, help_text="Of practice money, which never mixes with real money.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["scope", "campaign__name", "person__username", "period"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope=Scope.SITE, campaign=None, person=None)
                | Q(scope=Scope.CAMPAIGN, campaign__isnull=False, person=None)
                | Q(scope=Scope.PERSON, campaign=None, person__isnull=False),
                name="budget_of_what_its_scope_says",
            ),
            models.CheckConstraint(condition=Q(period__in=Period.values), name="budget_period_known"),
            models.CheckConstraint(condition=Q(limit_usd__gte=0, limit_usd__lte=LIMIT_MAX), name="budget_limit_sane"),
            models.UniqueConstraint(
                fields=["period", "practice"], condition=Q(scope=Scope.SITE), name="budget_once_for_the_site"
            ),
            # NULLs are never equal: each of these constrains only the rows of its own scope.
            models.UniqueConstraint(fields=["campaign", "period", "practice"], name="budget_once_for_a_campaign"),
            models.UniqueConstraint(fields=["person", "period", "practice"], name="budget_once_for_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.get_period_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:generations_budget_change", args=[self.pk])

    @property
    def kept_name(self) -> str:
        """Its name as rows keep it: in English, with the kind of money."""
        with override(settings.LANGUAGE_CODE):
            return f"{self}, practice money" if self.practice else str(self)

    def history(self) -> models.QuerySet[BudgetEvent]:
        """Return its events, and those of deleted budgets of the same name."""
        return BudgetEvent.objects.filter(Q(budget=self) | Q(budget=None, name=self.kept_name)).select_related("by")

    @property
    def subject(self) -> str:
        """Who or what the budget limits, for people."""
        return str(self.campaign or self.person or gettext("Whole site"))

    @property
    def key(self) -> str:
        """Its scope in the commands: `site`, `campaign:<slug>` or `person:<username>`."""
        if self.campaign:
            return f"campaign:{self.campaign.slug}"
        return f"person:{self.person.get_username()}" if self.person else "site"

    def period_at(self, at: datetime) -> BudgetPeriod:
        """Return the period that a moment lies in, in the site's time zone; an unsaved one when it has no row."""
        return self.period_of(timezone.localdate(at))

    def period_of(self, day: date) -> BudgetPeriod:
        first = starts_on(self.period, day)
        saved = next((period for period in self.periods.all() if period.starts_on == first), None)
        return saved or BudgetPeriod(budget=self, starts_on=first, limit_usd=self.limit_usd, hard=self.hard)


class BudgetPeriod(models.Model):
    """The counters of one period of a budget, with the limit that it had.

    An order's charge counts in the period of its hold.
    """

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="periods")
    starts_on = models.DateField()
    limit_usd = money_column()
    hard = models.BooleanField()
    estimated_usd = money_column(default=Decimal(0), help_text="Of all that was ordered in it.")
    held_usd = money_column(default=Decimal(0))
    spent_usd = money_column(default=Decimal(0))
    alarmed = models.PositiveSmallIntegerField(default=0, help_text="The highest percentage that was told, once.")

    class Meta:
        verbose_name = _("budget period")
        verbose_name_plural = _("budget periods")
        ordering = ["-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "starts_on"], name="budget_period_once"),
            models.CheckConstraint(condition=Q(held_usd__gte=0, spent_usd__gte=0), name="budget_counters_not_negative"),
            # SQLite adds binary fractions, so a sum is rounded to four places before it is compared.
            models.CheckConstraint(
                condition=Q(hard=False) | Q(LessThanOrEqual(Round(F("held_usd") + F("spent_usd"), 4), F("limit_usd"))),
                name="budget_held_and_spent_within_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget.subject}, {self.words}"

    @property
    def words(self) -> str:
        """Its name: `20 Nov 2026`, `November 2026` or `in total`."""
        formats = {Period.DAY: "j M Y", Period.MONTH: "F Y"}
        name = formats.get(Period(self.budget.period))
        return date_filter(self.starts_on, name) if name else gettext("in total")

    @property
    def used_usd(self) -> Decimal:
        return self.held_usd + self.spent_usd

    @property
    def remaining_usd(self) -> Decimal:
        """What is left of the limit, in USD; negative when a budget that only warns was exceeded."""
        return self.limit_usd - self.used_usd

    @property
    def percent(self) -> int:
        """The percentage of the limit that is reserved or spent, rounded down: 100 means that nothing is left."""
        if not self.limit_usd:
            return 100 if self.used_usd else 0
        return int(100 * self.used_usd / self.limit_usd)

    def is_over(self, *, at: datetime) -> bool:
        """Return whether a later period has begun."""
        return self.starts_on != starts_on(self.budget.period, timezone.localdate(at))

    @property
    def ends_on(self) -> date | None:
        """The last day; None for a budget without an end."""
        if self.budget.period == Period.TOTAL:
            return None
        if self.budget.period == Period.DAY:
            return self.starts_on
        return (self.starts_on + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    def as_json(self) -> dict[str, Any]:
        """Return the period with the keys of `manage.py budgets --json`."""
        return {
            "scope": self.budget.key,
            "period": self.budget.period,
            "limit_usd": exact(self.limit_usd),
            "held_usd": exact(self.held_usd),
            "spent_usd": exact(self.spent_usd),
            "hard": self.hard,
        }


class BudgetEvent(models.Model):
    """A line of a budget's history: a new limit and who set it, or an alarm. It stays when the budget is deleted."""

    budget = models.ForeignKey(Budget, on_delete=models.SET_NULL, null=True, related_name="events")
    name = models.CharField(max_length=300, help_text="Of the budget, in English, for when it is gone.")
    period = models.ForeignKey(BudgetPeriod, on_delete=models.SET_NULL, null=True, related_name="events")
    percent = models.PositiveSmallIntegerField(null=True, help_text="Of an alarm.")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300)

    class Meta:
        verbose_name = _("budget event")
        verbose_name_plural = _("budget events")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.note


def described(limit_usd: Decimal, *, hard: bool) -> str:
    """Return a limit as text: `$50.00, hard`."""
    return f"{usd(limit_usd)}, {'hard' if hard else 'warns only'}"
