"""Who may see a collection; its clips and their order are changed in the catalog."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from generations.admin import display
from generations.admin.base import ModelAdmin, person_of
from generations.library import collections
from generations.models import Action, Collection, Video


@admin.register(Collection)
class CollectionAdmin(ModelAdmin):
    changed_as = Action.GRANTED
    list_display = ["clip", "title", "clips", "folder", "is_restricted", "created_by"]
    list_display_links = ["title"]
    list_filter = ["is_restricted", "folder"]
    list_select_related = ["folder", "created_by"]
    search_fields = ["name", "slug", "description"]
    fields = ["name", "slug", "description", "folder", "is_restricted", "people", "groups"]
    readonly_fields = ["slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def view_on_site(self, obj: Collection) -> str:
        return obj.get_absolute_url()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the collections, and not what is in them: the clips stay, and one may not see all of them."""
        __, ___, *refused = super().get_deleted_objects(objs, request)
        return [str(each) for each in objs], {self.opts.verbose_name_plural: len(objs)}, *refused

    def attach_figures(self, request: HttpRequest, rows: list[Collection]) -> None:
        named = {**dict.fromkeys(row.pk for row in rows), **collections.fronts(rows)}
        display.attach_posters(rows, named, by="pk", viewer=person_of(request))
        counts = collections.counts(rows, Video.objects.visible_to(person_of(request)))
        for row in rows:
            row.clip_count = counts.get(row.pk, 0)  # type: ignore[attr-defined]

    @admin.display(description=_("Clip"))
    def clip(self, collection: Collection) -> str:
        return display.front_poster(collection)

    @admin.display(description=_("Name"), ordering="name")
    def title(self, collection: Collection) -> str:
        return collection.name

    @admin.display(description=_("Clips"))
    def clips(self, collection: Any) -> str:
        return format_html('<a href="{}">{}</a>', collection.get_absolute_url(), collection.clip_count)
