"""What the admin's own pages write into the audit: deletions, and changes of who may do or see what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from generations import clock
from generations.models import Action, AuditEntry

if TYPE_CHECKING:  # only the stubs' class is generic
    DjangoAdmin = admin.ModelAdmin[Any]
else:
    DjangoAdmin = admin.ModelAdmin


class Audited(DjangoAdmin):
    """Pages of a model whose deletions are audited and, where `changed_as` is set, additions and changes too.

    Django's hooks of its own log are used, since it calls them in the transaction of the action.
    """

    deleted_as = Action.DELETED
    changed_as: Action | None = None

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        with override(settings.LANGUAGE_CODE):  # it reads the same to everybody
            return self._audited(request, obj, super().log_addition(request, obj, message))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        with override(settings.LANGUAGE_CODE):
            return self._audited(request, obj, super().log_change(request, obj, message))

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        at = clock.now()
        for row in queryset:
            AuditEntry.objects.record(self.deleted_as, row, at=at, by=request.user)  # type: ignore[arg-type]
        with override(settings.LANGUAGE_CODE):
            return super().log_deletions(request, queryset)

    def _audited(self, request: HttpRequest, row: Any, logged: LogEntry) -> LogEntry:
        if self.changed_as:
            words, by = logged.get_change_message(), request.user
            AuditEntry.objects.record(self.changed_as, row, words, at=clock.now(), by=by)  # type: ignore[arg-type]
        return logged


@admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
def delete_at_once(modeladmin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
    """Delete the chosen rows as Django does, in one transaction with what is written about it."""
    with transaction.atomic():
        return delete_selected(modeladmin, request, rows)


admin.site.disable_action("delete_selected")
admin.site.add_action(delete_at_once, "delete_selected")
