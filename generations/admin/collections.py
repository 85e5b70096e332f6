"""Who may see a collection; its clips and their order are changed in the catalog."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from generations.admin.base import ModelAdmin
from generations.models import Collection


@admin.register(Collection)
class CollectionAdmin(ModelAdmin):
    list_display = ["name", "folder", "is_restricted", "created_by"]
    list_filter = ["is_restricted", "folder"]
    list_select_related = ["folder", "created_by"]
    search_fields = ["name", "slug", "description"]
    fields = ["name", "slug", "description", "folder", "is_restricted", "people", "groups"]
    readonly_fields = ["slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
