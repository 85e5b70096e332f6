"""Base classes of the admin pages: typed names of Django's classes, read-only and archivable rows, the person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.admin.audited import Audited
from generations.admin.lists import FastList
from generations.admin.lookups import OfferedLookups
from generations.models import Person
from generations.providers.menu import MODE_NAMES, MODEL_NAMES, PROVIDER_NAMES

if TYPE_CHECKING:  # only the stubs' classes are generic
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class ModelAdmin(OfferedLookups, Audited):
    """The pages of a model; its list stays fast with many rows."""

    view_on_site: Any = False  # Django's own way there asks for no permission; see pages.py
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count all rows for each choice

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FastList]:
        return FastList

    # Django draws each by a template, which is a sixth of the time of a page.
    @admin.display(description="")
    def action_checkbox(self, obj: Any) -> Any:
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME, obj.pk, gettext("Select {row}").format(row=obj),
        )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody delete what they may not see: the page between says what goes with it."""
        return super().has_delete_permission(request, obj) and self.has_view_or_change_permission(request, obj)

    def attach_figures(self, request: HttpRequest, rows: list[Any]) -> None:
        """Set what the list shows beside the columns of these rows, which are those of one page.

        Override it where figures or pictures come from other tables: ask one query for all rows (`task__in=rows`), and
        set its answers as attributes, which the methods of `list_display` read. Annotate in `get_queryset` only what
        people sort by: `FastList` computes that for all rows only while they do so.
        """


class ReadOnlyAdmin(ModelAdmin):
    """Refuse add, change and delete, whatever a person's permissions: other code writes these rows."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NameFilter(admin.FieldListFilter):
    """Filter by a column of providers, models or modes, under their names; all that have a name can be chosen."""

    names = {"provider": PROVIDER_NAMES, "model": MODEL_NAMES, "mode": MODE_NAMES}

    def expected_parameters(self) -> list[str | None]:
        return [self.field_path]

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen = changelist.params.get(self.field_path, "")
        for value, display in [("", gettext("All")), *self.names[self.field.name].items()]:
            link = changelist.get_query_string({self.field_path: value or None})
            yield {"selected": value == chosen, "query_string": link, "display": gettext(display)}


class ArchivedFilter(admin.SimpleListFilter):
    """Hide archived rows unless the filter asks for them."""

    title = _("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("Archived")), ("all", gettext("All"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": gettext("In use")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() == "all" else queryset.filter(archived=self.value() == "yes")


class ArchivableAdmin(ModelAdmin):
    """Rows that staff create, archive and restore."""

    actions: Any = ["archive", "unarchive"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._set_archived(request, rows, True)

    @admin.action(description=_("Restore from the archive"), permissions=["change"])
    def unarchive(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._set_archived(request, rows, False)

    def _set_archived(self, request: HttpRequest, rows: QuerySet[Any], archived: bool) -> None:
        # The page's queryset is annotated, may be grouped, and changes with the rows: plain ones by their ids update.
        chosen = list(rows.values_list("pk", flat=True))
        count = self.model.objects.filter(pk__in=chosen).exclude(archived=archived).update(archived=archived)
        others = len(chosen) - count
        if archived:
            done = ngettext("{n} archived.", "{n} archived.", count)
            left_out = ngettext("Left out: {n} archived already.", "Left out: {n} archived already.", others)
        else:
            done = ngettext("{n} restored.", "{n} restored.", count)
            left_out = ngettext("Left out: {n} not archived.", "Left out: {n} not archived.", others)
        text = done.format(n=count) + (f" {left_out.format(n=others)}" if others else "")
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)


def way_back(request: HttpRequest) -> str:
    """Return the end of an address that leads on from a row's page and keeps the filters of the list it came from."""
    return keeping(request.GET.get("_changelist_filters", ""))


def keeping(filters: str) -> str:
    """Return the end of the address of a row's page that keeps these filters of its list."""
    return f"?{urlencode({'_changelist_filters': filters})}" if filters else ""


def next_url(request: HttpRequest) -> str:
    """Return the address of this site that `next` names, where one comes back to; empty without one."""
    address = request.GET.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()) else ""


def person_of(request: HttpRequest) -> Person:
    """Return the member of staff who sent a request; the admin lets nobody else in."""
    return cast(Person, request.user)
