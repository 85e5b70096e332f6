"""The pages of the ledger: every entry, read-only, with links to corrections."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.admin import corrections, display
from generations.admin.base import NameFilter, ReadOnlyAdmin, person_of
from generations.admin.campaigns import TaskCampaignFilter
from generations.models import EntryKind, GenerationTask, LedgerEntry

WORDS = {"hold": _("Reserved"), "charge": _("Spent"), "release": _("Released"), "adjust": _("Adjusted")}
TONES = {"hold": "info", "charge": "good", "release": "neutral", "adjust": "warn"}
RARE = 5_000  # tasks whose entries are found first and then sorted
NUMBER = re.compile(r"\d{1,18}", re.ASCII)  # what the column of ids takes


class UnpricedFilter(admin.SimpleListFilter):
    """Select charges of unknown price that nobody has valued yet."""

    title = _("price")
    parameter_name = "unpriced"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("Unpriced"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        unpriced = LedgerEntry.objects.unpriced().values("pk")
        return queryset.filter(pk__in=unpriced) if self.value() == "yes" else queryset


class TaskNameFilter(NameFilter):
    """Filter by the provider or the model of an entry's task.

    SQLite has no statistics to choose by: it would list and sort all entries of a provider, and would read all entries
    in order for the few of a rare model.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        values: Any = self.used_parameters.get(self.field_path)
        if not values:
            return queryset
        tasks = GenerationTask.objects.filter(**{self.field.name: values[-1]}).order_by()
        if tasks[: RARE + 1].count() <= RARE:
            return queryset.filter(task__in=tasks.values("pk"))
        return queryset.filter(Exists(tasks.filter(pk=OuterRef("task"))))


@admin.register(LedgerEntry)
class LedgerAdmin(ReadOnlyAdmin):
    list_display = ["clip", "time", "word", "amount", "task_link", "campaign", "by", "note"]
    list_display_links = None
    fields = readonly_fields = ("time", "word", "amount", "task_link", "campaign", "by", "note", "practice")
    list_filter = [
        "kind",
        UnpricedFilter,
        TaskCampaignFilter,
        "practice",
        ("task__provider", TaskNameFilter),
        ("task__model", TaskNameFilter),
    ]
    list_select_related = ["task", "task__campaign", "by"]
    search_fields = ["note"]
    search_help_text = _("A task's number, the provider's id, or words of the note.")
    date_hierarchy = "at"
    list_per_page = 50

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("value/", wrap(corrections.value), name="generations_ledgerentry_value"),
            path("correct/<int:pk>/", wrap(corrections.correct), name="generations_ledgerentry_correct"),
            *super().get_urls(),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        """Find the tasks apart from the entries: a join of all entries with their tasks takes three times as long."""
        for word in search_term.split():
            named = Q(remote_id__icontains=word) | (Q(pk=int(word)) if NUMBER.fullmatch(word) else Q())
            tasks = GenerationTask.objects.filter(named).order_by()
            queryset = queryset.filter(Q(note__icontains=word) | Q(task__in=tasks.values("pk")))
        return queryset, False

    def attach_figures(self, request: HttpRequest, rows: list[LedgerEntry]) -> None:
        named = {row.pk: row.task_id for row in rows}
        here = urlencode({"next": request.get_full_path()})
        for row in rows:
            row.correct_url = f"{reverse('admin:generations_ledgerentry_correct', args=[row.task_id])}?{here}"  # type: ignore[attr-defined]
        display.attach_posters(rows, named, by="task", viewer=person_of(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**corrections.of_unpriced(request), **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        may = corrections.may_correct(request)
        return ["word_and_link" if may and name == "word" else name for name in self.list_display]

    @admin.display(description=_("Clip"))
    def clip(self, entry: LedgerEntry) -> str:
        return display.front_poster(entry)

    @admin.display(description=_("When"), ordering="at")
    def time(self, entry: LedgerEntry) -> str:
        return display.when(entry.at)

    @admin.display(description=_("What"), ordering="kind")
    def word(self, entry: LedgerEntry) -> str:
        return format_html('<span class="badge badge-{}">{}</span>', TONES[entry.kind], WORDS[entry.kind])

    @admin.display(description=_("What"), ordering="kind")
    def word_and_link(self, entry: Any) -> str:
        """Return the kind of an entry, with a link for people who may correct a charge."""
        if entry.kind != EntryKind.CHARGE:
            return self.word(entry)
        return display.two_lines(self.word(entry), format_html('<a href="{}">{}</a>', entry.correct_url, _("Correct")))

    @admin.display(description=_("Amount"), ordering="amount_usd")
    def amount(self, entry: LedgerEntry) -> str:
        return display.money(entry.amount_usd, practice=entry.practice, is_minimum=entry.is_minimum)

    @admin.display(description=_("Task"), ordering="task")
    def task_link(self, entry: LedgerEntry) -> str:
        return display.link(entry.task)

    @admin.display(description=_("Campaign"), ordering="task__campaign")
    def campaign(self, entry: LedgerEntry) -> str:
        return str(entry.task.campaign or display.EMPTY)
