"""Clips that we keep: watched, titled and described here; their facts come from the file and stay as they are."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from generations.admin import display
from generations.admin.base import ModelAdmin, ModelForm
from generations.models import Video


class VideoForm(ModelForm):
    """The words of a clip: all of it that people write."""

    class Meta:
        model = Video
        fields = ["title", "description"]
        widgets = {
            "title": AdminTextInputWidget(attrs={"class": "vLargeTextField"}),
            "description": AdminTextareaWidget(attrs={"rows": 3}),
        }


@admin.register(Video)
class VideoAdmin(ModelAdmin):
    form = VideoForm
    list_display = ["clip", "title", "size_px", "sound", "model_line", "prompt", "flags", "created"]
    list_display_links = ["title"]
    list_filter = ["task__model", "has_audio", "task__practice"]
    list_select_related = ["task", "task__prompt"]
    search_fields = ["title", "description", "task__prompt_text"]
    search_help_text = "Words of the title, the description or the prompt."
    date_hierarchy = "created_at"
    show_full_result_count = False
    list_per_page = 50
    readonly_fields = ["player", "task_link", "prompt", "model_line", "size_px", "fps_rounded", "sound", "length",
                       "file_size", "sha256", "flags", "source", "created"]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["player", "title", "description"]}),
        ("Where it comes from", {"fields": ["task_link", "prompt", "model_line", "source", "created"]}),
        (
            "The file",
            {"fields": ["length", "size_px", "fps_rounded", "sound", "file_size", "flags", "sha256"]},
        ),
    ]

    view_on_site = False  # the player has its own link to the catalog

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Clip")
    def clip(self, video: Video) -> str:
        return display.video_poster(video, href=display.admin_url(video))

    @admin.display(description="Clip")
    def player(self, video: Video) -> str:
        return format_html(
            '<video class="player" src="{}" poster="{}" controls loop playsinline preload="metadata"></video>'
            '<a class="under" href="{}">Open in the catalog</a>',
            video.url, video.poster_url, video.get_absolute_url(),
        )  # fmt: skip

    @admin.display(description="Size")
    def size_px(self, video: Video) -> str:
        return f"{video.width} × {video.height}"

    @admin.display(description="Sound", ordering="has_audio")
    def sound(self, video: Video) -> str:
        return "with sound" if video.has_audio else "silent"

    @admin.display(description="Frames per second")
    def fps_rounded(self, video: Video) -> str:
        return f"{video.fps:g}"

    @admin.display(description="Length")
    def length(self, video: Video) -> str:
        return video.length

    @admin.display(description="File size")
    def file_size(self, video: Video) -> str:
        return video.size

    @admin.display(description="Model", ordering="task__model")
    def model_line(self, video: Video) -> str:
        return display.settings_line(video.task)

    @admin.display(description="Prompt", ordering="task__prompt")
    def prompt(self, video: Video) -> str:
        return display.link(video.task.prompt)

    @admin.display(description="Task")
    def task_link(self, video: Video) -> str:
        return display.link(video.task)

    @admin.display(description="Differs from the order")
    def flags(self, video: Video) -> str:
        pills = ((difference,) for difference in video.differences)
        return format_html_join(" ", '<span class="badge badge-warn">{}</span>', pills) or display.EMPTY

    @admin.display(description="Source URL")
    def source(self, video: Video) -> str:
        return video.source_url or "blanked by the clean-up"

    @admin.display(description="Created", ordering="created_at")
    def created(self, video: Video) -> str:
        return display.when(video.created_at)
