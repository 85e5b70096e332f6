"""Actions on the clips of a list's rows: judge, rate, tag, collect, download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.admin import bulk, review
from generations.admin.base import ModelAdmin, person_of
from generations.admin.bulk import Action
from generations.admin.picking import SUGGESTED, SuggestingInput
from generations.catalog import zips
from generations.library import bulk as clips
from generations.library.naming import collections_of
from generations.models import Review, Tag, Video
from generations.models.videos import MAX_RATING

STARS = [(n, "★" * n or _("No stars")) for n in range(MAX_RATING, -1, -1)]
JUDGING = ["approve", "reject", "undecide"]
ACTIONS = [*JUDGING, "rate", "tag", "untag", "collect", "download"]


class StarsForm(forms.Form):
    stars = forms.TypedChoiceField(choices=STARS, coerce=int, label=_("Stars"))


class TagForm(forms.Form):
    tag = forms.CharField(
        label=_("Tag"), max_length=50, help_text=_("Tags belong to prompts: all clips of the same prompts get it.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].widget = SuggestingInput(Tag.objects.values_list("name", flat=True)[:SUGGESTED])


class ChoiceForm(forms.Form):
    """One of some rows, or of some texts."""

    choice = forms.ChoiceField()

    def __init__(self, data: Any, choices: Sequence[tuple[str, str]], label: str) -> None:
        super().__init__(data)
        self.fields["choice"] = forms.ChoiceField(choices=choices, label=label)


def tag_choices(tags: QuerySet[Any], noun: str) -> list[tuple[str, str]]:
    """Return the tags, the most frequent first; `n` says how many rows have each."""
    found = tags.order_by("-n", "name").values_list("name", "n")
    return [(name, f"{name} ({bulk.counted(noun, count)})") for name, count in found]


def answers(request: HttpRequest) -> Any:
    """Return what the page between was answered with; None where it was not shown yet."""
    return request.POST if bulk.CHOSEN in request.POST else None


def _stars_form(request: HttpRequest, ids: Sequence[int]) -> forms.Form:
    return StarsForm(answers(request))


def tag_form(request: HttpRequest, ids: Sequence[int]) -> forms.Form:
    return TagForm(answers(request))


def _untag_form(request: HttpRequest, ids: Sequence[int]) -> forms.Form | None:
    tags = Tag.objects.filter(prompts__videos__in=ids).annotate(n=Count("prompts__videos"))
    choices = tag_choices(tags, "clip")
    return ChoiceForm(answers(request), choices, gettext("Tag")) if choices else None


def _collect_form(request: HttpRequest, ids: Sequence[int]) -> forms.Form | None:
    found = collections_of(person_of(request)).values_list("slug", "name")
    return ChoiceForm(answers(request), list(found), gettext("Collection")) if found else None


def _collect(ids: Sequence[int], slug: str, by: Any) -> clips.Outcome:
    return clips.collect(ids, collections_of(by).get(slug=slug))


VALUED = {
    "rate": Action(_("Rate"), _stars_form, lambda ids, stars, by: clips.rate(ids, stars)),
    "tag": Action(_("Tag"), tag_form, lambda ids, name, by: clips.tag(ids, name)),
    "untag": Action(
        _("Remove a tag"), _untag_form, lambda ids, name, by: clips.untag(ids, name),
        _("None of these clips has a tag. Nothing was changed."),
    ),
    "collect": Action(
        _("Add to a collection"), _collect_form, _collect,
        _("There is no collection yet: make one in the catalog. Nothing was changed."),
    ),
}  # fmt: skip


class ClipActions(ModelAdmin):
    """A list whose rows are clips, or have clips."""

    def clips_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Video]:
        """Return those clips of rows that a person may see, in the order of the rows."""
        raise NotImplementedError

    def has_review_clips_permission(self, request: HttpRequest) -> bool:
        return review.may_review(request)

    def has_change_prompt_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.change_prompt")

    def has_change_collection_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.change_collection")

    @admin.action(description=_("Approve"), permissions=["review_clips"])
    def approve(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        review.judge_all(request, self.clips_of(request, rows), Review.APPROVED)

    @admin.action(description=_("Reject"), permissions=["review_clips"])
    def reject(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        review.judge_all(request, self.clips_of(request, rows), Review.REJECTED)

    @admin.action(description=_("Clear decision"), permissions=["review_clips"])
    def undecide(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        review.judge_all(request, self.clips_of(request, rows), Review.UNDECIDED)

    @admin.action(description=_("Rate…"), permissions=["view"])
    def rate(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        return self._valued(request, rows, "rate")

    @admin.action(description=_("Tag…"), permissions=["change_prompt"])
    def tag(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        return self._valued(request, rows, "tag")

    @admin.action(description=_("Remove a tag…"), permissions=["change_prompt"])
    def untag(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        return self._valued(request, rows, "untag")

    @admin.action(description=_("Add to a collection…"), permissions=["change_collection"])
    def collect(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        return self._valued(request, rows, "collect")

    @admin.action(description=_("Download as ZIP"), permissions=["view"])
    def download(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        found = self.clips_of(request, rows)
        try:
            ids = list(found.values_list("pk", flat=True)[: zips.MOST_CLIPS + 1])
            return zips.send_clips(request, ids, found.order_by())
        except (ValidationError, Http404) as error:
            nothing = [gettext("There is no clip. Nothing was sent.")]
            messages.warning(request, " ".join(getattr(error, "messages", nothing)))
        return None

    def _valued(self, request: HttpRequest, rows: QuerySet[Any], name: str) -> HttpResponseBase | None:
        among = self.clips_of(request, self.get_queryset(request))
        return bulk.run(request, name, VALUED[name], self.clips_of(request, rows), among)
