"""The pages of users and groups: Django's own, with each change of who may do what in the audit.

Superusers end the sessions of others there, and remove the second step of those who lost their phone.
What is chosen stands in plain lists, which screen readers know, and permissions in the language of the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin.audited import Audited
from generations.admin.base import person_of
from generations.admin.lookups import OfferedLookups
from generations.catalog import second_step
from generations.models import Action, AuditEntry, Person, Session

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
    "add_free_price": _("Can add a price of 0 on purpose"),
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


class OfSuperusers(Audited):
    """Rows that only superusers change: whoever may change people or groups could make a superuser of themselves."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return person_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person_of(request).is_superuser


@admin.register(User)
class PersonAdmin(OfferedLookups, OfSuperusers, BaseUserAdmin):
    changed_as = Action.GRANTED
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]  # facts, and their fields have no labels
    change_form_template = "admin/auth/user/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/sign-out/", wrap(self.sign_out), name="auth_user_sign_out"),
            path("<int:pk>/remove-two-step/", wrap(self.remove_two_step), name="auth_user_remove_two_step"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer superusers to end the sessions of others, and to remove their second step."""
        person, at = self.get_object(request, object_id), clock.now()
        own: dict[str, Any] = {}
        if person and person != request.user and person_of(request).is_superuser:
            own = {"signed_in": Session.objects.open_of(person, at=at).count(), "two_step": second_step.is_on(person)}
        return super().change_view(request, object_id, form_url, {**own, **(extra_context or {})})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Show Django's page, which asks for no old password: of one's own on the page that does."""
        if id == str(request.user.pk):
            return redirect("password")
        return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_active:  # its sessions are refused from now on, and stay so when it is active again
            Session.objects.end(obj)

    @method_decorator(require_POST)
    def sign_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End all sessions of somebody else. Raises: PermissionDenied, Http404."""
        person, by = self._other(request, pk), person_of(request)
        with transaction.atomic():
            count = Session.objects.end(person)
            AuditEntry.objects.record(Action.SECURED, person, "signed them out everywhere", at=clock.now(), by=by)
        done = ngettext("Signed out of {n} browser.", "Signed out of {n} browsers.", count)
        self.message_user(request, done.format(n=count), messages.SUCCESS)
        return redirect("admin:auth_user_change", pk)

    @method_decorator(require_POST)
    def remove_two_step(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let somebody else who lost their phone sign in with the password. Raises: PermissionDenied, Http404."""
        person = self._other(request, pk)
        if second_step.remove(person, at=clock.now(), by=person_of(request)):
            done = gettext("The password alone lets {person} in now; signed out of all browsers.").format(person=person)
            self.message_user(request, done, messages.SUCCESS)
        return redirect("admin:auth_user_change", pk)

    def _other(self, request: HttpRequest, pk: int) -> Person:
        """Return whom a superuser names; for oneself there is the page of one's own, which asks for the password."""
        if not person_of(request).is_superuser or pk == request.user.pk:
            raise PermissionDenied
        return get_object_or_404(Person, pk=pk)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show those who may only look nothing of a password, not even how it is hashed."""
        shown = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return shown
        return [
            (name, {**of, "fields": [field for field in of["fields"] if field != "password"]}) for name, of in shown
        ]

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        return _with_words(field) if db_field.name == "user_permissions" else field


@admin.register(Group)
class PeopleGroupAdmin(OfferedLookups, OfSuperusers, GroupAdmin):
    changed_as = Action.GRANTED
    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return _with_words(super().formfield_for_manytomany(db_field, request, **kwargs))
