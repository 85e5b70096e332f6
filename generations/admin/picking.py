"""Choose one of many by typing: a field that suggests, without a script, and a filter of lists with such a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.admin.base import person_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FEW = 12  # can be read as a list
SUGGESTED = 500  # names that a page carries; others are found by typing them
NONE = "-"  # the value for rows without one


class SuggestingInput(forms.TextInput):
    """A text field that suggests words; the browser shows those that match what is typed."""

    def __init__(self, words: Iterable[str], attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.words = words

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        field = super().render(name, value, {**(attrs or {}), "list": f"{name}-words", "autocomplete": "off"}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((word,) for word in self.words))
        return format_html('{}<datalist id="{}-words">{}</datalist>', field, name, options)


class PickFilter(admin.SimpleListFilter):
    """Filter by a row of another table: by a list while there are few, by typing when there are many."""

    template = "admin/pick_filter.html"
    takes_names = True  # also such as are typed
    path = ""  # from the row of the list
    empty: StrOrPromise = ""  # what rows without one are called, if there are such rows

    def __init__(self, *args: Any) -> None:
        self.suggestions: list[tuple[str, str]] = []
        self.kept: list[tuple[str, str]] = []
        super().__init__(*args)

    def offered(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return the values that can be chosen and their names, at most SUGGESTED."""
        raise NotImplementedError

    def found(self, value: str) -> QuerySet[Any]:
        """Return the row of a value, or of a name that was typed; none if there is none."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        offered, value = self.offered(request), self.value()
        if len(offered) > FEW:
            self.suggestions = offered
            offered = [pair for pair in offered if pair[0] == value]
            if value and value != NONE and not offered:
                offered = [(value, value)]
        return [*offered, *([(NONE, str(self.empty))] if self.empty else [])]

    def choices(self, changelist: Any) -> Iterator[Any]:
        self.kept = [pair for pair in changelist.params.items() if pair[0] != self.parameter_name]
        return super().choices(changelist)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = (self.value() or "").replace("\0", "")
        if not value:
            return queryset
        if value == NONE and self.empty:
            return queryset.filter(**{self.path: None})
        return queryset.filter(**{f"{self.path}__in": list(self.found(value).values_list("pk", flat=True))})


class PersonFilter(PickFilter):
    """Filter by who ordered; the person who looks stands first."""

    title = _("ordered by")
    parameter_name = "person"
    path = "ordered_by"

    def offered(self, request: HttpRequest) -> list[tuple[str, str]]:
        me = person_of(request)
        people = get_user_model().objects.exclude(pk=me.pk).order_by("username")
        names = people.values_list("username", flat=True)[: SUGGESTED - 1]
        return [(me.get_username(), gettext("Me")), *((name, name) for name in names)]

    def found(self, value: str) -> QuerySet[Any]:
        return get_user_model().objects.filter(username__iexact=value)


def named(model: Any, value: str) -> QuerySet[Any]:
    """Return the row of a slug or of a name."""
    found: QuerySet[Any] = model.objects.filter(Q(slug=value) | Q(name__iexact=value))
    return found
