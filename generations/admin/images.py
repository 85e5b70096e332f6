"""Start and end images, read-only: they are uploaded with an order."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from generations.admin import display, pickers
from generations.admin.base import ReadOnlyAdmin
from generations.models import ReferenceImage


@admin.register(ReferenceImage)
class ReferenceImageAdmin(ReadOnlyAdmin):
    list_display = ["picture", "name", "size", "created"]
    list_display_links = ["name"]
    search_fields = ["original_name"]
    date_hierarchy = "created_at"
    fields = ["picture", "original_name", "size", "created", "sha256"]
    readonly_fields = ["picture", "size", "created"]

    def get_urls(self) -> list[URLPattern]:
        pick = path("pick/", self.admin_site.admin_view(pickers.images), name="generations_referenceimage_pick")
        return [pick, *super().get_urls()]

    @admin.display(description=_("Image"))
    def picture(self, image: ReferenceImage) -> str:
        return display.poster(image.file.url, alt=str(image))

    @admin.display(description=_("Name"), ordering="original_name")
    def name(self, image: ReferenceImage) -> str:
        return str(image)

    @admin.display(description=_("Pixels"))
    def size(self, image: ReferenceImage) -> str:
        return f"{image.width} × {image.height}"

    @admin.display(description=_("Created"), ordering="created_at")
    def created(self, image: ReferenceImage) -> str:
        return display.when(image.created_at)
