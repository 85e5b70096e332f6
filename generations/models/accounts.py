"""Each provider's account: its present request rate, when its balance is read next, and the readings."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.formats import usd
from generations.providers.offers import provider_name

SHARE_MIN = 1 / 1024  # of the documented rate: 100 requests a second become one in 10 s
RECOVERY_SECONDS = 30.0  # until a reduced rate doubles
SHRINK_SECONDS = 1.0  # several 429 within this time halve the rate once


class AccountQuerySet(models.QuerySet["Account"]):
    def of(self, provider: str) -> Account:
        """Return this site's account at a provider; practice and real money have different ones."""
        return self.get_or_create(provider=provider, practice=settings.PRACTICE)[0]


class Account(models.Model):
    provider = models.CharField(max_length=20)
    practice = models.BooleanField()
    share = models.FloatField(default=1.0, help_text="Of the documented rate, as the last 429 left it.")
    shrunk_at = models.DateTimeField(null=True)
    balance_due_at = models.DateTimeField(null=True, help_text="When the balance is read next; empty means now.")

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [models.UniqueConstraint(fields=["provider", "practice"], name="account_once")]

    def __str__(self) -> str:
        name = provider_name(self.provider)
        return gettext("{provider} (practice)").format(provider=name) if self.practice else name

    def share_at(self, at: datetime) -> float:
        """Return the share of the documented rate to use now: a 429 halves it, each 30 s without one double it."""
        if self.share >= 1 or self.shrunk_at is None:
            return 1.0
        quiet_seconds = max(0.0, (at - self.shrunk_at).total_seconds())
        return min(1.0, self.share * 2 ** min(quiet_seconds / (RECOVERY_SECONDS * settings.WAIT_SCALE), 20))

    def shrink(self, *, at: datetime) -> bool:
        """Halve the rate after a 429; return False when a 429 of the same second has done so."""
        share = max(SHARE_MIN, self.share_at(at) / 2)
        since = at - timedelta(seconds=SHRINK_SECONDS)
        mine = Account.objects.filter(Q(shrunk_at=None) | Q(shrunk_at__lt=since), pk=self.pk)
        if not mine.update(share=share, shrunk_at=at):
            return False
        self.share, self.shrunk_at = share, at
        return True


class ReadingQuerySet(models.QuerySet["BalanceReading"]):
    def of(self, provider: str, *, practice: bool) -> ReadingQuerySet:
        return self.filter(provider=provider, practice=practice).order_by("at", "id")

    def read(self) -> ReadingQuerySet:
        """Select the readings that brought a figure."""
        return self.filter(amount__isnull=False)


class BalanceReading(models.Model):
    """A balance that a provider reported, or the error instead."""

    provider = models.CharField(_("provider"), max_length=20)
    practice = models.BooleanField(_("practice"))
    at = models.DateTimeField(_("at"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=4, null=True)
    unit = models.CharField(_("unit"), max_length=10, help_text=_("USD or credits: the provider's own."))
    refused = models.BooleanField(
        _("refused"), default=False, help_text=_("The key was not accepted, or there is no money.")
    )
    error = models.CharField(_("error"), max_length=500, blank=True)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        verbose_name = _("balance reading")
        verbose_name_plural = _("balance readings")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["provider", "practice", "at"], name="reading_by_time")]

    def __str__(self) -> str:
        return f"{self.provider} {self.at:%Y-%m-%d %H:%M:%S}: {self.error or self.shown}"

    @property
    def shown(self) -> str:
        if self.amount is None:
            return gettext("no figure")
        return usd(self.amount) if self.unit == "USD" else f"{usd(self.amount).replace('$', '')} {gettext(self.unit)}"
