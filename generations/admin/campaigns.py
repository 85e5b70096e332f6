"""The pages of campaigns: what was spent on each, and what remains of its budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.admin import display
from generations.admin.base import ArchivableAdmin, ArchivedFilter
from generations.admin.picking import SUGGESTED, PickFilter, named
from generations.admin.viewer import may_open
from generations.models import Action, Budget, Campaign, EntryKind, GenerationTask, LedgerEntry, Prompt, Video
from generations.models.ledger import SPENT
from generations.money.budgets import Numbers
from generations.reports import spend


@admin.register(Campaign)
class CampaignAdmin(ArchivableAdmin):
    changed_as = Action.GRANTED
    list_display = ["name", "clips", "four", "limits"]
    list_filter = [ArchivedFilter]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        budgets = Budget.objects.of_this_site().with_periods(at=clock.now())
        campaigns: QuerySet[Campaign] = super().get_queryset(request)
        return campaigns.prefetch_related(Prefetch("budgets", budgets))

    def attach_figures(self, request: HttpRequest, rows: list[Any]) -> None:
        """Set the clips and the sums of campaigns, each by one pass over what all campaigns have.

        A sum for each campaign alone, and even one for those of a page, takes SQLite three times as long.
        """
        clips = Video.objects.filter(campaign__in=rows).order_by().values_list("campaign").annotate(n=Count("pk"))
        counts, sums = dict(clips), {row["task__campaign"]: row for row in _sums()}
        open_holds = dict(_reserved())
        for row in rows:
            row.clip_count, row.reserved = counts.get(row.pk, 0), open_holds.get(row.pk)
            row.estimated, row.spent = (sums.get(row.pk, {}).get(name) for name in ("estimated", "spent"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Campaign | None:
        found: Campaign | None = super().get_object(request, object_id, from_field)
        if found:
            self.attach_figures(request, [found])
        return found

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
        if campaign and self.has_delete_permission(request, campaign) and (uses := _uses(campaign)):
            text = gettext("{campaign} has {uses}, so it cannot be deleted. Archive it instead.")
            self.message_user(request, text.format(campaign=campaign, uses=uses), messages.WARNING)
            return redirect(campaign)
        return super().delete_view(request, object_id, extra_context)

    @admin.display(description=_("Clips"))
    def clips(self, campaign: Any) -> int:
        return int(campaign.clip_count)

    @admin.display(description=_("Money"))
    def four(self, campaign: Any) -> str:
        left = [budget.period_at(timezone.now()).remaining_usd for budget in campaign.budgets.all()]
        numbers = Numbers(
            estimated=campaign.estimated or Decimal(0), reserved=campaign.reserved or Decimal(0),
            spent=campaign.spent or Decimal(0), remaining=min(left, default=None),
        )  # fmt: skip
        return display.two_lines(display.four_numbers(numbers), gettext("practice money") if settings.PRACTICE else "")

    @admin.display(description=_("Budgets"))
    def limits(self, campaign: Any) -> str:
        periods = [budget.period_at(timezone.now()) for budget in campaign.budgets.all()]
        rows = (
            (display.linked(period.words, display.page_of(period.budget)), display.meter(period)) for period in periods
        )
        return format_html_join("", '<div class="earlier">{}{}</div>', rows) or display.EMPTY

    @admin.display(description=_("See"))
    def leads(self, campaign: Campaign) -> str:
        lists = [(GenerationTask, _("its tasks")), (Prompt, _("its prompts")), (Video, _("its videos"))]
        links = [
            (reverse(f"admin:generations_{model._meta.model_name}_changelist"), campaign.slug, words)
            for model, words in lists
            if may_open(model)
        ]
        links.append((reverse("catalog"), campaign.slug, _("its videos in the catalog")))
        return format_html_join(", ", '<a href="{}?campaign={}">{}</a>', links)


class CampaignFilter(PickFilter):
    """Filter by campaign, or by none; `path` leads from the row to its campaign."""

    title = _("campaign")
    parameter_name = "campaign"
    path = "campaign"
    empty = _("None")

    def offered(self, request: HttpRequest) -> list[tuple[str, str]]:
        return list(Campaign.objects.values_list("slug", "name")[:SUGGESTED])

    def found(self, value: str) -> QuerySet[Campaign]:
        return named(Campaign, value)


class TaskCampaignFilter(CampaignFilter):
    """Filter by the campaign of the row's task."""

    path = "task__campaign"


def _sums() -> Any:
    """Sum what was reserved for each campaign, whatever became of it, and what was spent."""
    counted = LedgerEntry.objects.filter(practice=settings.PRACTICE, kind__in=[EntryKind.HOLD, *SPENT]).order_by()
    held, spent = (Sum("amount_usd", filter=Q(kind__in=kinds)) for kinds in ([EntryKind.HOLD], SPENT))
    return counted.values("task__campaign").annotate(estimated=held, spent=spent)


def _reserved() -> QuerySet[Any, tuple[Any, ...]]:
    """Sum what is reserved for each campaign now."""
    holds = spend.open_holds(practice=settings.PRACTICE)
    return holds.values_list("task__campaign").annotate(usd=Sum("amount_usd"))


def _uses(campaign: Campaign) -> str:
    tasks = GenerationTask.objects.filter(campaign=campaign).count()
    prompts, budgets = campaign.prompts.count(), campaign.budgets.count()
    uses = (
        (tasks, ngettext("{n} task", "{n} tasks", tasks)),
        (prompts, ngettext("{n} prompt", "{n} prompts", prompts)),
        (budgets, ngettext("{n} budget", "{n} budgets", budgets)),
    )
    return ", ".join(words.format(n=count) for count, words in uses if count)
