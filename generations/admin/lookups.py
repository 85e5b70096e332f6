"""What the address of a list may ask for: the filters that its page offers, and nothing else that Django could look up.

Django takes any lookup of a row's own columns, so that a regular expression could occupy the database for minutes, and
a password's hash be guessed letter by letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import (
    ALL_VAR,
    ERROR_FLAG,
    ORDER_VAR,
    PAGE_VAR,
    SEARCH_VAR,
)
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse

from generations.catalog.wrong_addresses import NUMBER, PAGE, WrongAddress

if TYPE_CHECKING:  # only the stubs' class is generic
    DjangoAdmin = admin.ModelAdmin[Any]
else:
    DjangoAdmin = admin.ModelAdmin

NUMBERS = re.compile(r"\d{1,18}(,\d{1,18}){0,999}", re.ASCII)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
YEAR = re.compile(r"[12]\d{3}", re.ASCII)
MONTH = re.compile(r"0?[1-9]|1[0-2]")
DAY = re.compile(r"0?[1-9]|[12]\d|3[01]", re.ASCII)
YES_OR_NO = re.compile("[01]|True|False")
ANYTHING = re.compile(r".{0,300}", re.DOTALL)

OF_EVERY_LIST = {PAGE_VAR, SEARCH_VAR, ORDER_VAR, ALL_VAR, ERROR_FLAG, "_popup", "_facets"}
WRONG = (IncorrectLookupParameters, SuspiciousOperation, ValidationError)


class OfferedLookups(DjangoAdmin):
    """A list that only the filters of its page narrow, and those that other pages of ours lead by."""

    linked: dict[str, re.Pattern[str]] = {}  # what our links ask for beside the filters, and its form

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        assert request is not None
        form = self._offered(request).get(lookup)
        return form is not None and ("\0" not in value) and bool(form.fullmatch(value))

    def _offered(self, request: HttpRequest) -> dict[str, re.Pattern[str]]:
        """Return the names that the page's filters put into the address, and the form of their values."""
        found = dict(self.linked)
        for each in self.get_list_filter(request):
            if isinstance(each, type):
                found[each.parameter_name] = ANYTHING  # type: ignore[attr-defined]
            else:
                path: Any = each if isinstance(each, str) else each[0]  # type: ignore[index]
                found |= self._of_field(path)
        if day := self.date_hierarchy:
            found |= {f"{day}__year": YEAR, f"{day}__month": MONTH, f"{day}__day": DAY}
        return found

    def _of_field(self, path: str) -> dict[str, re.Pattern[str]]:
        field: Any = get_fields_from_path(self.model, path)[-1]
        if field.is_relation:
            exact, form = f"{path}__{field.target_field.name}__exact", NUMBER
        elif isinstance(field, models.BooleanField):
            exact, form = f"{path}__exact", YES_OR_NO
        elif field.flatchoices:
            exact, form = (
                f"{path}__exact",
                re.compile("|".join(re.escape(str(value)) for value, __ in field.flatchoices)),
            )
        else:
            exact, form = path, ANYTHING
        return {exact: form, f"{path}__isnull": YES_OR_NO}

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list that an address asks for. Raises: WrongAddress."""
        page = request.GET.get(PAGE_VAR, "1")
        if not PAGE.fullmatch(page):
            raise WrongAddress(PAGE_VAR)
        for name, value in request.GET.items():
            if "\0" in f"{name}{value}":
                raise WrongAddress(name)
        try:
            return super().get_changelist_instance(request)
        except WRONG as error:
            unknown = request.GET.keys() - self._offered(request).keys() - OF_EVERY_LIST
            raise WrongAddress(min(unknown, default="")) from error

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, object_id, from_field or None)  # `?_to_field=` would name no column

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, or do what is asked for its rows. Raises: WrongAddress."""
        if not all(map(NUMBER.fullmatch, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise WrongAddress(ACTION_CHECKBOX_NAME)
        return super().changelist_view(request, extra_context)
