"""The page of the audit: every action that costs, decides, publishes or deletes, to filter, search and export."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from generations.admin import display
from generations.admin.base import ReadOnlyAdmin
from generations.admin.viewer import may_open
from generations.models import AuditEntry
from generations.reports.export import Cell, Column, Table, as_csv, as_xlsx

MOST_ROWS = 1_000_000  # of a file: what a sheet of XLSX holds; a date narrows it
COMMAND = "-"  # the filter's value for what a command did
COLUMNS = (
    Column("When"), Column("Who"), Column("Action"), Column("Kind"), Column("Number", "count"), Column("What"),
    Column("Reason or choice"), Column("Amount, USD", "usd"), Column("Practice money"),
)  # fmt: skip


class PersonFilter(admin.SimpleListFilter):
    """Select what one person did, or commands; the names come from the few users, not from the many entries."""

    title = _("person")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = get_user_model().objects.order_by("username").values_list("pk", "username")
        return [(COMMAND, gettext("A command")), *((str(pk), name) for pk, name in people)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value == COMMAND:
            return queryset.filter(by=None)
        return queryset.filter(by=int(value)) if value and value.isdecimal() else queryset


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin):
    list_display = ["time", "who", "did", "what", "reason", "amount"]
    fields = readonly_fields = ("time", "who", "did", "what", "reason", "amount")
    list_display_links = None
    list_filter = [PersonFilter, "action", "practice"]
    list_select_related = ["by"]
    search_fields = ["name", "words", "=row"]
    search_help_text = _("Words of what it was about or of the reason, or its number.")
    date_hierarchy = "at"

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export.<str:form>", export, name="generations_auditentry_export"), *super().get_urls()]

    @method_decorator(require_safe)
    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """Send what the list's filters select, the newest first, as CSV or XLSX. Raises: PermissionDenied, Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in ("csv", "xlsx"):
            raise Http404
        entries = self.get_changelist_instance(request).get_queryset(request).select_related("by")[:MOST_ROWS]
        rows: Any = map(cells, entries.iterator(chunk_size=2000))
        table, name = Table("audit", "Audit", COLUMNS, rows), f"audit-{timezone.localdate()}.{form}"
        if form == "xlsx":
            return FileResponse(as_xlsx(table), as_attachment=True, filename=name)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(as_csv(table), content_type="text/csv; charset=utf-8", headers=headers)

    @admin.display(description=_("When"), ordering="at")
    def time(self, entry: AuditEntry) -> str:
        return display.when(entry.at)

    @admin.display(description=_("Who"), ordering="by")
    def who(self, entry: AuditEntry) -> str:
        return str(entry.by or gettext("a command"))

    @admin.display(description=_("Action"), ordering="action")
    def did(self, entry: AuditEntry) -> str:
        return entry.get_action_display().capitalize()

    @admin.display(description=_("What"))
    def what(self, entry: AuditEntry) -> str:
        """Return what it was about, with a link to its page."""
        line = f"{entry.subject.capitalize()} {entry.row}"
        try:
            url = reverse(f"admin:{entry.kind.replace('.', '_')}_change", args=[entry.row])
        except NoReverseMatch:
            return display.two_lines(entry.name, line)
        may = may_open(apps.get_model(entry.kind))
        return display.two_lines(display.linked(entry.name, url if may else ""), line)

    @admin.display(description=_("Words"), ordering="words")
    def reason(self, entry: AuditEntry) -> str:
        return entry.words or display.EMPTY

    @admin.display(description=_("Amount"), ordering="amount_usd")
    def amount(self, entry: AuditEntry) -> str:
        if entry.amount_usd is None:
            return display.EMPTY
        return display.money(entry.amount_usd, practice=entry.practice)


def cells(entry: AuditEntry) -> tuple[Cell, ...]:
    """Return a row of the file, in English for whoever exports it, like the heads of its columns."""
    with override(settings.LANGUAGE_CODE):
        did, subject = entry.get_action_display(), str(entry.subject)
    at = timezone.localtime(entry.at).isoformat(timespec="seconds")
    practice = ("yes" if entry.practice else "no") if entry.amount_usd is not None else None
    return (
        at, str(entry.by or "a command"), did, subject, entry.row, entry.name,
        entry.words, entry.amount_usd, practice,
    )  # fmt: skip
