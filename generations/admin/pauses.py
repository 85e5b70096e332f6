"""Stopped providers: a person sees to the key or the money, then closes the pause."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from generations.admin import display
from generations.admin.base import ModelAdmin
from generations.lifecycle import accounts
from generations.models import Pause


@admin.register(Pause)
class PauseAdmin(ModelAdmin):
    list_display = ["provider", "reason", "opened"]
    actions = ["close"]
    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Closing is deleting, by its own name."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description="Resume orders", permissions=["delete"])
    def close(self, request: HttpRequest, pauses: QuerySet[Pause]) -> None:
        names = [pause.provider for pause in pauses]
        self.log_deletions(request, pauses)
        for name in names:
            accounts.resume_provider(name)
        self.message_user(
            request,
            f"Orders go out again: {', '.join(names)}. The next answer shows whether it holds.",
            messages.SUCCESS,
        )

    def delete_model(self, request: HttpRequest, obj: Pause) -> None:
        accounts.resume_provider(obj.provider)

    @admin.display(description="Stopped since", ordering="paused_at")
    def opened(self, pause: Pause) -> str:
        return display.when(pause.paused_at)
