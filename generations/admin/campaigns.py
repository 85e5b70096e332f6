"""The pages of campaigns: what was spent on each, and what remains of its budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, DecimalField, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join

from generations import clock
from generations.admin import display
from generations.admin.base import ArchivableAdmin, ArchivedFilter
from generations.admin.picking import SUGGESTED, PickFilter, named
from generations.models import Action, Budget, Campaign, GenerationTask, LedgerEntry, Video
from generations.money.budgets import Numbers


@admin.register(Campaign)
class CampaignAdmin(ArchivableAdmin):
    changed_as = Action.GRANTED
    list_display = ["name", "clips", "four", "limits"]
    list_filter = [ArchivedFilter]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        entries = LedgerEntry.objects.filter(task__campaign=OuterRef("pk"), practice=settings.PRACTICE)
        clips = Video.objects.filter(task__campaign=OuterRef("pk")).order_by().values("task__campaign")
        columns = {
            "estimated": _total(entries.holds()),
            "reserved": _total(entries.open_holds()),
            "spent": _total(entries.spent()),
            "clip_count": Subquery(clips.annotate(n=Count("id")).values("n")),
        }
        campaigns: QuerySet[Campaign] = super().get_queryset(request).annotate(**columns)
        budgets = Budget.objects.of_this_site().with_periods(at=clock.now())
        return campaigns.prefetch_related(Prefetch("budgets", budgets))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["four", "limits", "leads"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        closing = ["is_restricted", "people", "groups"]
        return ["name", "slug", "archived", *closing, *self.get_readonly_fields(request, obj)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Remove the action that deletes many campaigns: the page of each says why it cannot be deleted."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        campaign = self.get_object(request, object_id)
        if campaign and (uses := _uses(campaign)):
            text = f"{campaign} has {uses}, so it cannot be deleted. Archive it instead."
            self.message_user(request, text, messages.WARNING)
            return redirect(campaign)
        return super().delete_view(request, object_id, extra_context)

    @admin.display(description="Clips", ordering="clip_count")
    def clips(self, campaign: Any) -> int:
        return campaign.clip_count or 0

    @admin.display(description="Money", ordering="spent")
    def four(self, campaign: Any) -> str:
        left = [budget.period_at(timezone.now()).remaining_usd for budget in campaign.budgets.all()]
        numbers = Numbers(
            estimated=campaign.estimated or Decimal(0), reserved=campaign.reserved or Decimal(0),
            spent=campaign.spent or Decimal(0), remaining=min(left, default=None),
        )  # fmt: skip
        return display.two_lines(display.four_numbers(numbers), "practice money" if settings.PRACTICE else "")

    @admin.display(description="Budgets")
    def limits(self, campaign: Any) -> str:
        periods = [budget.period_at(timezone.now()) for budget in campaign.budgets.all()]
        rows = ((display.admin_url(period.budget), period.words, display.meter(period)) for period in periods)
        return format_html_join("", '<div class="earlier"><a href="{}">{}</a>{}</div>', rows) or display.EMPTY

    @admin.display(description="See")
    def leads(self, campaign: Campaign) -> str:
        lists = [("generationtask", "its tasks"), ("prompt", "its prompts"), ("video", "its videos")]
        links = [(reverse(f"admin:generations_{model}_changelist"), campaign.slug, words) for model, words in lists]
        links.append((reverse("catalog"), campaign.slug, "its videos in the catalog"))
        return format_html_join(", ", '<a href="{}?campaign={}">{}</a>', links)


class CampaignFilter(PickFilter):
    """Filter by campaign, or by none; `path` leads from the row to its campaign."""

    title = "campaign"
    parameter_name = "campaign"
    path = "campaign"
    empty = "None"

    def offered(self, request: HttpRequest) -> list[tuple[str, str]]:
        return list(Campaign.objects.values_list("slug", "name")[:SUGGESTED])

    def found(self, value: str) -> QuerySet[Campaign]:
        return named(Campaign, value)


class TaskCampaignFilter(CampaignFilter):
    """Filter by the campaign of the row's task."""

    path = "task__campaign"


def _total(entries: Any) -> Subquery:
    rows = entries.order_by().values("task__campaign").annotate(usd=Sum("amount_usd")).values("usd")
    return Subquery(rows, output_field=DecimalField(max_digits=12, decimal_places=4))


def _uses(campaign: Campaign) -> str:
    counts = (
        (GenerationTask.objects.filter(campaign=campaign).count(), "task"),
        (campaign.prompts.count(), "prompt"),
        (campaign.budgets.count(), "budget"),
    )
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)
