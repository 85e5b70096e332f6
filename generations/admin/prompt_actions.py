"""Actions on many prompts: tag them, give them a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.admin import bulk
from generations.admin.base import ModelAdmin
from generations.admin.bulk import Action
from generations.admin.clip_actions import ChoiceForm, answers, tag_choices, tag_form
from generations.library import bulk_prompts
from generations.library.bulk import Outcome
from generations.models import Campaign, Prompt, Tag

ACTIONS = ["tag", "untag", "set_campaign"]


def _untag_form(request: HttpRequest, ids: Sequence[int]) -> forms.Form | None:
    tags = Tag.objects.annotate(n=Count("prompts", filter=Q(prompts__in=ids))).filter(n__gt=0)
    choices = tag_choices(tags, "prompt")
    return ChoiceForm(answers(request), choices, gettext("Tag")) if choices else None


def _campaign_form(request: HttpRequest, ids: Sequence[int]) -> forms.Form:
    campaigns = Campaign.objects.in_use().values_list("slug", "name")
    return ChoiceForm(answers(request), [*campaigns, ("-", gettext("None"))], gettext("Campaign"))


def _set_campaign(ids: Sequence[int], slug: str, by: Any) -> Outcome:
    return bulk_prompts.set_campaign(ids, None if slug == "-" else Campaign.objects.get(slug=slug), by=by)


VALUED = {
    "tag": Action(_("Tag"), tag_form, lambda ids, name, by: bulk_prompts.tag(ids, name)),
    "untag": Action(
        _("Remove a tag"), _untag_form, lambda ids, name, by: bulk_prompts.untag(ids, name),
        _("None of these prompts has a tag. Nothing was changed."),
    ),
    "set_campaign": Action(_("Set the campaign"), _campaign_form, _set_campaign),
}  # fmt: skip


class PromptActions(ModelAdmin):
    """The list of prompts."""

    @admin.action(description=_("Tag…"), permissions=["change"])
    def tag(self, request: HttpRequest, rows: QuerySet[Prompt]) -> HttpResponseBase | None:
        return self._valued(request, rows, "tag")

    @admin.action(description=_("Remove a tag…"), permissions=["change"])
    def untag(self, request: HttpRequest, rows: QuerySet[Prompt]) -> HttpResponseBase | None:
        return self._valued(request, rows, "untag")

    @admin.action(description=_("Set the campaign…"), permissions=["change"])
    def set_campaign(self, request: HttpRequest, rows: QuerySet[Prompt]) -> HttpResponseBase | None:
        return self._valued(request, rows, "set_campaign")

    def _valued(self, request: HttpRequest, rows: QuerySet[Prompt], name: str) -> HttpResponseBase | None:
        return bulk.run(request, name, VALUED[name], rows, self.get_queryset(request), noun="prompt")
