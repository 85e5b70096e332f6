"""Base classes of the admin pages: typed names of Django's classes, a read-only page, the person of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from generations.models import Person

if TYPE_CHECKING:  # only the stubs' classes take a type
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm


class ReadOnlyAdmin(ModelAdmin):
    """Refuse add, change and delete, whatever a person's permissions: other code writes these rows."""

    view_on_site = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def person_of(request: HttpRequest) -> Person:
    """Return the member of staff who sent a request; the admin lets nobody else in."""
    return cast(Person, request.user)
