"""Stopped providers: a person sees to the key or the money, then closes the breaker."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from generations.admin import display
from generations.admin.base import ModelAdmin
from generations.lifecycle import accounts
from generations.models import Breaker


@admin.register(Breaker)
class BreakerAdmin(ModelAdmin):
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

    @admin.action(description="Close the breaker: orders go out again", permissions=["delete"])
    def close(self, request: HttpRequest, breakers: QuerySet[Breaker]) -> None:
        names = [breaker.provider for breaker in breakers]
        self.log_deletions(request, breakers)
        for name in names:
            accounts.close_breaker(name)
        self.message_user(
            request,
            f"Orders go out again: {', '.join(names)}. The next answer shows whether it holds.",
            messages.SUCCESS,
        )

    def delete_model(self, request: HttpRequest, obj: Breaker) -> None:
        accounts.close_breaker(obj.provider)

    @admin.display(description="Stopped since", ordering="opened_at")
    def opened(self, breaker: Breaker) -> str:
        return display.when(breaker.opened_at)
