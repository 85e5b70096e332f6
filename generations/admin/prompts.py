"""The pages of prompts and tags: texts that staff write, with their clips, tasks and spend."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget, AutocompleteSelectMultiple
from django.db import transaction
from django.db.models import Count, DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from generations import clock
from generations.admin import (
    display,
    generate,
    prompt_actions,
    prompt_favourites,
    prompt_import,
    prompt_versions,
    task_actions,
)
from generations.admin.base import ArchivableAdmin, ArchivedFilter, ModelAdmin, ModelForm, person_of
from generations.admin.campaigns import CampaignFilter
from generations.admin.prompt_actions import PromptActions
from generations.library import prompt_campaigns, prompt_settings, prompt_text
from generations.models import GenerationTask, LedgerEntry, Prompt, Review, Tag, Video
from generations.models.ledger import SPENT, is_at_starting_price, is_unpriced
from generations.models.prompts import PromptQuerySet

BRACES = _("{{subject}} is a variable, which Generate asks for; {rain|snow} a wildcard, of which an order picks one.")
STRIP = 12  # newest clips and tasks on a prompt's page


@admin.register(Tag)
class TagAdmin(ModelAdmin):
    list_display = ["name", "used"]
    ordering = ["name"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(prompt_count=Count("prompts"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            Video.objects.filter(prompt__tags=obj).refresh_words()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, Tag.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        with transaction.atomic():
            prompts = list(
                Prompt.objects.filter(tags__in=queryset.values("pk")).values_list("pk", flat=True).distinct()
            )
            Tag.objects.filter(pk__in=queryset.values("pk")).delete()
            Video.objects.filter(prompt__in=prompts).refresh_words()

    @admin.display(description=_("Prompts"), ordering="prompt_count")
    def used(self, tag: Any) -> int:
        return int(tag.prompt_count)


class TagPicker(AutocompleteSelectMultiple):
    """A tag field without select2's "clear all" button, which is no valid list item for screen readers."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return {**super().build_attrs(base_attrs, extra_attrs), "data-allow-clear": "false"}


class PromptForm(ModelForm):
    """The form of a prompt, with text areas of fitting sizes."""

    may_move = False  # to another campaign than it has, or than its words have

    class Meta:
        model = Prompt
        fields = ["title", "text", "negative_prompt", "notes", "campaign", "tags", "archived"]
        help_texts = {"text": format_lazy("{} {}", Prompt._meta.get_field("text").help_text, BRACES)}
        widgets = {
            "tags": TagPicker(Prompt._meta.get_field("tags"), admin.site),
            "title": AdminTextInputWidget(attrs={"class": "vLargeTextField"}),
            **{
                name: AdminTextareaWidget(attrs={"rows": rows})
                for name, rows in (("text", 6), ("negative_prompt", 2), ("notes", 3))
            },
        }

    def clean(self) -> dict[str, Any]:
        """Refuse broken braces of variables now, and not when a clip is ordered."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("text", "negative_prompt"):
            for rule in prompt_text.problems(data.get(name) or ""):
                self.add_error(name, rule)
        if not self.may_move and {"campaign", "text", "negative_prompt"} & set(self.changed_data):
            self._check_campaign(data)
        return data

    def _check_campaign(self, data: dict[str, Any]) -> None:
        wanted = data.get("campaign")
        text = prompt_campaigns.why_not(self.instance.campaign, wanted)
        if not text and self.instance.campaign is None:
            words = data.get("text", ""), data.get("negative_prompt", "")
            same = prompt_campaigns.of_words([words]).get(words, ())
            text = prompt_campaigns.why_no_copy((each for each in same if each != self.instance), wanted)
        if text:
            self.add_error("campaign", f"{text}.")


@admin.register(Prompt)
class PromptAdmin(ArchivableAdmin, PromptActions):
    list_display = ["clip", "name", "campaign", "tag_list", "clips", "spent", "updated"]
    list_display_links = ["name"]
    list_select_related = ["campaign"]
    list_filter = [ArchivedFilter, prompt_favourites.FavouriteFilter, CampaignFilter, "tags"]
    actions = [*prompt_actions.ACTIONS, *ArchivableAdmin.actions]
    search_fields = ["words"]  # see get_search_results
    search_help_text = _("Words of the title, the text, the negative prompt, the notes, the campaign or a tag.")
    save_as = True
    list_per_page = 50
    form = PromptForm

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/generate/", wrap(generate.page), name="generations_prompt_generate"),
            path("<int:pk>/generate/price/", wrap(generate.price), name="generations_prompt_price"),
            path("<int:pk>/favourite/", wrap(prompt_favourites.toggle), name="generations_prompt_favourite"),
            *prompt_versions.urls(wrap),
            *prompt_import.urls(wrap),
            *super().get_urls(),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.may_move = prompt_campaigns.may_move(person_of(request))
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change and "_saveasnew" in request.POST and (source := _source(request)):
            obj.defaults = source.defaults
        super().save_model(request, obj, form, change)
        obj.keep(at=clock.now(), by=person_of(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "tags" in form.changed_data:
            Video.objects.filter(prompt=form.instance).refresh_words()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prompt]:
        seen = Video.objects.visible_to(person_of(request))
        clips = seen.filter(prompt=OuterRef("pk")).order_by("-created_at", "-id")
        number = clips.order_by().values("prompt").annotate(n=Count("id")).values("n")
        # Conditions on the kind stand in the sums: SQLite would find the entries by it, and read all for each prompt.
        entries = LedgerEntry.objects.filter(task__prompt=OuterRef("pk")).order_by().values("task__prompt")
        columns = {
            "clip_count": Subquery(number),
            "approved_count": Subquery(number.filter(review=Review.APPROVED)),
            "poster": Subquery(clips.values("poster")[:1]),
            "poster_small": Subquery(clips.values("poster_small")[:1]),
            "seconds": Subquery(clips.values("duration_seconds")[:1]),
            "spent_real": self._total(entries, practice=False),
            "spent_practice": self._total(entries, practice=True),
            "unpriced": self._count(entries, is_unpriced()),
            "minimums": self._count(entries, is_at_starting_price()),
        }
        prompts = cast(PromptQuerySet, super().get_queryset(request))
        return prompts.with_favourite(person_of(request)).annotate(**columns).prefetch_related("tags")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        clip, *others = self.list_display
        return [clip, prompt_favourites.star(request), *others]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Prompt], search_term: str
    ) -> tuple[QuerySet[Prompt], bool]:
        """Find every word of the query, however it is written, in all that a prompt has."""
        return queryset.filter(pk__in=Prompt.objects.matching(search_term)) if search_term else queryset, False

    @staticmethod
    def _total(entries: Any, *, practice: bool) -> Subquery:
        rows = entries.annotate(usd=Sum("amount_usd", filter=Q(kind__in=SPENT, practice=practice))).values("usd")
        return Subquery(rows, output_field=DecimalField(max_digits=12, decimal_places=4))

    @staticmethod
    def _count(entries: Any, condition: Q) -> Subquery:
        return Subquery(entries.annotate(n=Count("id", filter=condition)).values("n"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to delete a prompt with tasks; it can be archived."""
        return super().has_delete_permission(request, obj) and not (obj and obj.tasks.exists())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        prompt = kwargs.get("obj")
        context["may_order"] = task_actions.may_order(request)
        if prompt:
            context |= self._strip(request, prompt)
        return super().render_change_form(request, context, *args, **kwargs)

    def _strip(self, request: HttpRequest, prompt: Prompt) -> dict[str, Any]:
        videos = Video.objects.visible_to(person_of(request)).filter(prompt=prompt)[:STRIP]
        tasks = list(GenerationTask.objects.filter(prompt=prompt)[:STRIP])
        return {
            "clips": [display.video_poster(video, href=display.page_of(video)) for video in videos],
            "tasks": [
                (task, version, display.badge(task.status), display.task_price(task))
                for task, version in zip(tasks, prompt_versions.numbered(prompt, tasks), strict=True)
            ],
            "used": format_html_join(", ", "{}", ((part,) for part in [*_clips(prompt), *_spent(prompt)] if part)),
            "versions": prompt.versions.count(),
            "settings": prompt_settings.in_words(prompt.defaults),
        }

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Redirect to the Generate page after "Save and generate"."""
        if "_generate" in request.POST:
            return redirect("admin:generations_prompt_generate", obj.pk)
        return super().response_post_save_add(request, obj)

    response_post_save_change = response_post_save_add

    @admin.display(description=_("Clip"))
    def clip(self, prompt: Any) -> str:
        if not prompt.clip_count:
            return display.poster("")
        return display.poster(display.media_url(prompt.poster_small or prompt.poster), seconds=prompt.seconds)

    @admin.display(description=_("Prompt"), ordering="title")
    def name(self, prompt: Prompt) -> str:
        return prompt.name

    @admin.display(description=_("Tags"))
    def tag_list(self, prompt: Prompt) -> str:
        tags = ((tag.name,) for tag in prompt.tags.all())
        return format_html_join(" ", '<span class="badge badge-neutral">{}</span>', tags) or display.EMPTY

    @admin.display(description=_("Clips"), ordering="clip_count")
    def clips(self, prompt: Any) -> str:
        return display.two_lines(*_clips(prompt))

    @admin.display(description=_("Spent"), ordering="spent_real")
    def spent(self, prompt: Any) -> str:
        return format_html_join("", "<div>{}</div>", ((part,) for part in _spent(prompt))) or display.EMPTY

    @admin.display(description=_("Updated"), ordering="updated_at")
    def updated(self, prompt: Prompt) -> str:
        return display.when(prompt.updated_at)


def _source(request: HttpRequest) -> Prompt | None:
    """Return the prompt that is saved as new, which is that of the page."""
    page = request.resolver_match
    return Prompt.objects.filter(pk=page.kwargs["object_id"]).first() if page and "object_id" in page.kwargs else None


def _clips(prompt: Any) -> tuple[str, str]:
    """Return how many clips a prompt has, and how many of them are approved."""
    count = prompt.clip_count or 0
    clips = ngettext("{n} clip", "{n} clips", count).format(n=count)
    approved = prompt.approved_count or 0
    return clips, ngettext("{n} approved", "{n} approved", approved).format(n=approved) if count else ""


def _spent(prompt: Any) -> list[str]:
    """Return what was spent on a prompt: real and practice money, and the clips without a known price."""
    parts = [
        display.money(amount, practice=practice, is_minimum=bool(prompt.minimums))
        for amount, practice in ((prompt.spent_real, False), (prompt.spent_practice, True))
        if amount is not None
    ]
    if prompt.unpriced:
        text = ngettext("{n} without a known price", "{n} without a known price", prompt.unpriced)
        parts.append(format_html('<span class="quiet">{}</span>', text.format(n=prompt.unpriced)))
    return parts
