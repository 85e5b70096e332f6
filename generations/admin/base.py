"""Base classes of the admin pages: typed names of Django's classes, read-only and archivable rows, the person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from generations.admin.lists import FastList
from generations.models import Person
from generations.providers import offers

if TYPE_CHECKING:  # only the stubs' classes are generic
    DjangoAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    DjangoAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm


class ModelAdmin(DjangoAdmin):
    """The pages of a model; its list stays fast with many rows."""

    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FastList]:
        return FastList

    def attach_figures(self, rows: list[Any]) -> None:
        """Set what the list shows beside the columns of these rows, which are those of one page.

        Override it where figures or pictures come from other tables: ask one query for all rows (`task__in=rows`), and
        set its answers as attributes, which the methods of `list_display` read. Annotate in `get_queryset` only what
        people sort by: `FastList` computes that for all rows only while they do so.
        """


class ReadOnlyAdmin(ModelAdmin):
    """Refuse add, change and delete, whatever a person's permissions: other code writes these rows."""

    view_on_site = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NameFilter(admin.AllValuesFieldListFilter):
    """Filter by a column of providers, models or modes, under their display names."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": offers.model_name(offers.provider_name(str(choice["display"])))}


class ArchivedFilter(admin.SimpleListFilter):
    """Hide archived rows unless the filter asks for them."""

    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Archived"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "In use"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() == "all" else queryset.filter(archived=self.value() == "yes")


class ArchivableAdmin(ModelAdmin):
    """Rows that staff create, archive and restore."""

    actions = ["archive", "unarchive"]
    view_on_site = False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)

    @admin.action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._set_archived(request, rows, True)

    @admin.action(description="Restore from the archive", permissions=["change"])
    def unarchive(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._set_archived(request, rows, False)

    def _set_archived(self, request: HttpRequest, rows: QuerySet[Any], archived: bool) -> None:
        # The page's queryset is annotated and may be grouped, so a plain one updates.
        count = self.model.objects.filter(pk__in=rows.values("pk")).exclude(archived=archived).update(archived=archived)
        self.message_user(request, f"{count} {'archived' if archived else 'restored'}.", messages.SUCCESS)


def person_of(request: HttpRequest) -> Person:
    """Return the member of staff who sent a request; the admin lets nobody else in."""
    return cast(Person, request.user)
