"""Pauses of orders: a person sees to the cause, then resumes them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from generations.admin import display
from generations.admin.base import ModelAdmin, next_url
from generations.lifecycle import accounts
from generations.models import Action, Pause

RESUMED = _("{orders} are resumed. If a provider still refuses them, they are paused again.")


@admin.register(Pause)
class PauseAdmin(ModelAdmin):
    list_display = ["subject", "reason", "opened", "who"]
    fields = readonly_fields = ("subject", "reason", "opened", "who")
    list_select_related = ["paused_by"]
    actions = ["close"]
    deleted_as = Action.RESUMED

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Resuming is deleting, by its own name."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description=_("Resume orders"), permissions=["delete"])
    def close(self, request: HttpRequest, pauses: QuerySet[Pause]) -> None:
        chosen = list(pauses)
        with transaction.atomic():
            self.log_deletions(request, pauses)
            for pause in chosen:
                accounts.resume_orders(pause.provider, pause.model)
        for pause in chosen:
            self.message_user(request, RESUMED.format(orders=pause.subject), messages.SUCCESS)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        return redirect(self._back(request))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, object_id, {"here": self._back(request), **(extra_context or {})})

    def _back(self, request: HttpRequest) -> str:
        """Return the page on which the person chose to resume, or the list as it was."""
        filters = request.GET.get("_changelist_filters", "")
        pauses = f"{reverse('admin:generations_pause_changelist')}{'?' if filters else ''}{filters}"
        return next_url(request) or pauses

    def delete_model(self, request: HttpRequest, obj: Pause) -> None:
        accounts.resume_orders(obj.provider, obj.model)
        self.message_user(request, RESUMED.format(orders=obj.subject), messages.SUCCESS)

    @admin.display(description=_("What is paused"), ordering="provider")
    def subject(self, pause: Pause) -> str:
        return pause.subject

    @admin.display(description=_("Paused since"), ordering="paused_at")
    def opened(self, pause: Pause) -> str:
        return display.when(pause.paused_at)

    @admin.display(description=_("Paused by"), ordering="paused_by")
    def who(self, pause: Pause) -> str:
        return pause.who
