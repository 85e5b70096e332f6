"""The pages of users and groups: Django's own, with each change of who may do what in the audit.

What is chosen stands in plain lists, which screen readers know, and permissions in the language of the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.admin.audited import Audited
from generations.admin.base import person_of
from generations.admin.lookups import OfferedLookups
from generations.models import Action, AuditEntry

if TYPE_CHECKING:  # only the stubs' class is generic
    BaseUserAdmin = UserAdmin[User]
else:
    BaseUserAdmin = UserAdmin

admin.site.unregister([User, Group])

DJANGOS = {
    "add": _("Can add {kind}"), "change": _("Can change {kind}"), "delete": _("Can delete {kind}"),
    "view": _("Can view {kind}"),
}  # fmt: skip
OWN = {
    "order_clips": _("Can order clips, which costs money"),
    "decide_orders": _("Can decide about orders of unknown outcome"),
    "review_clips": _("Can approve and reject clips"),
    "publish_clips": _("Can publish clips"),
    "share_clips": _("Can share clips by a link"),
    "see_drafts": _("Can see clips of others before they are approved"),
}


def permission_words(permission: Permission) -> str:
    """Return what a permission allows, as `str` says it in English."""
    kind, model = permission.content_type, permission.content_type.model_class()
    action = permission.codename.removesuffix(f"_{kind.model}")
    if action in DJANGOS and model:
        words = DJANGOS[action].format(kind=model._meta.verbose_name)
    else:
        words = str(OWN.get(permission.codename, permission.name))
    return f"{kind.app_labeled_name} | {words}"


def _with_words(field: Any) -> Any:
    field.label_from_instance = permission_words
    return field


@admin.register(User)
class PersonAdmin(OfferedLookups, Audited, BaseUserAdmin):
    changed_as = Action.GRANTED
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]  # facts, and their fields have no labels

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        return _with_words(field) if db_field.name == "user_permissions" else field


def change_own_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Let a person change their own password, on Django's page, and write it into the audit."""
    person = person_of(request)
    with transaction.atomic():
        response = AdminSite.password_change(admin.site, request, extra_context)
        if isinstance(response, HttpResponseRedirect):
            AuditEntry.objects.record(Action.GRANTED, person, "a new password of their own", at=clock.now(), by=person)
    return response


@admin.register(Group)
class PeopleGroupAdmin(OfferedLookups, Audited, GroupAdmin):
    changed_as = Action.GRANTED
    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return _with_words(super().formfield_for_manytomany(db_field, request, **kwargs))
