"""The pages of balances: the readings of each account, and a button that reads them now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin import display
from generations.admin.base import NameFilter, ReadOnlyAdmin
from generations.formats import duration
from generations.lifecycle import accounts
from generations.models import Account, BalanceReading, Pause
from generations.providers.offers import provider_name

WORTH_SAYING = 0.995  # of the documented rate; above it nobody notices


def may_read_now(request: HttpRequest) -> bool:
    """Return whether a person may have the balances read: it adds readings."""
    return request.user.has_perm("generations.add_balancereading")


@dataclass(frozen=True, slots=True)
class Standing:
    """The current state of an account, as text."""

    name: str
    figure: str
    words: str
    pauses: list[Pause]


def standings(*, at: datetime) -> list[Standing]:
    """Return the accounts of this site."""
    found = Account.objects.filter(practice=settings.PRACTICE).order_by("provider")
    return [_standing(account, at=at) for account in found]


def _standing(account: Account, *, at: datetime) -> Standing:
    said = BalanceReading.objects.of(account.provider, practice=account.practice)
    reading, latest = said.read().last(), said.last()
    ago = duration((at - reading.at).total_seconds()) if reading else ""
    words = [gettext("read {time} ago").format(time=ago) if reading else gettext("never read")]
    if latest and latest.error:
        words.append(gettext("the last try failed: {error}").format(error=latest.error))
    if (share := account.share_at(at)) < WORTH_SAYING:
        slowed = gettext("slowed down to {share} of its documented rate, after a 429")
        words.append(slowed.format(share=f"{share:.0%}"))
    pauses = list(Pause.objects.filter(provider__in=("", account.provider)))
    return Standing(str(account), reading.shown if reading else gettext("no figure"), "; ".join(words), pauses)


@admin.register(BalanceReading)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = ["time", "account", "figure", "trouble", "practice"]
    fields = readonly_fields = ("time", "account", "figure", "trouble", "practice")
    list_display_links = None
    list_filter = [("provider", NameFilter), "practice", "refused"]
    date_hierarchy = "at"

    def get_urls(self) -> list[URLPattern]:
        now = path("now/", self.admin_site.admin_view(self.read_now), name="generations_balancereading_now")
        return [now, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        more = {"standings": standings(at=clock.now()), "may_read_now": may_read_now(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    @method_decorator(require_POST)
    def read_now(self, request: HttpRequest) -> HttpResponse:
        """Request a reading of every balance. Raises: PermissionDenied."""
        if not may_read_now(request):
            raise PermissionDenied
        at = clock.now()
        names = list(Account.objects.filter(practice=settings.PRACTICE).values_list("provider", flat=True))
        for name in names:
            accounts.read_balance_soon(name, at=at)
        text = gettext("The balances are being read. Reload this page in a moment.")
        self.message_user(request, text, messages.SUCCESS)
        filters = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(f"{reverse('admin:generations_balancereading_changelist')}{filters}")

    @admin.display(description=_("When"), ordering="at")
    def time(self, reading: BalanceReading) -> str:
        return display.when(reading.at)

    @admin.display(description=_("Provider"), ordering="provider")
    def account(self, reading: BalanceReading) -> str:
        return provider_name(reading.provider)

    @admin.display(description=_("Balance"), ordering="amount")
    def figure(self, reading: BalanceReading) -> str:
        return reading.shown

    @admin.display(description=_("Error"))
    def trouble(self, reading: BalanceReading) -> str:
        return reading.error or display.EMPTY
