"""The pages of stored clips: staff watch, title, describe and review them; facts of the file cannot be edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join

from generations.admin import clip_actions, clip_frames, display, review, task_actions
from generations.admin.base import ModelForm, NameFilter, way_back
from generations.admin.campaigns import CampaignFilter
from generations.admin.clip_actions import ClipActions
from generations.admin.picking import PersonFilter
from generations.folding import fold
from generations.library import lineage
from generations.models import Video


class VideoForm(ModelForm):
    """The texts of a clip, all that people write about it."""

    class Meta:
        model = Video
        fields = ["title", "description"]
        widgets = {
            "title": AdminTextInputWidget(attrs={"class": "vLargeTextField"}),
            "description": AdminTextareaWidget(attrs={"rows": 3}),
        }


class DamageFilter(admin.SimpleListFilter):
    """Select clips whose file is not what was stored."""

    title = "file"
    parameter_name = "damaged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Damaged"), ("arrived", "Arrived damaged"), ("no", "Complete")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        if self.value() == "yes":
            return queryset.exclude(damage="")
        if self.value() == "arrived":
            return queryset.exclude(arrived_damaged="")
        return queryset.filter(damage="", arrived_damaged="") if self.value() == "no" else queryset


def _arrival_note(video: Video) -> str:
    """Return what staff should know of a clip that was delivered damaged; empty for any other."""
    if not video.arrived_damaged:
        return ""
    more = (
        "It will be downloaded once more, in case that a better file comes."
        if video.decode_due_at
        else "The same file came again, or none, so no better one is to be expected."
    )
    return format_html(
        '<p class="note note-bad"><strong>This clip arrived damaged:</strong> {}. It was paid for, so it is kept. {} '
        "Watch all of it before you approve it. If it is of no use, reject it, ask the provider for a refund "
        "with the task's id, or order another take.</p>",
        video.arrived_damaged, more,
    )  # fmt: skip


@admin.register(Video)
class VideoAdmin(ClipActions):
    form = VideoForm
    list_display = ["clip", "title", "verdict", "size_px", "sound", "model_line", "prompt_link", "state", "flags",
                    "created"]  # fmt: skip
    actions = clip_actions.ACTIONS
    list_display_links = ["title"]
    list_filter = [review.StateFilter, DamageFilter, CampaignFilter, PersonFilter, ("model", NameFilter), "has_audio",
                   "practice"]  # fmt: skip
    list_select_related = ["task", "task__prompt", "reviewed_by", "published_by"]
    search_fields = ["words"]
    search_help_text = "Words of the title, the description, the prompt or its tags."
    date_hierarchy = "created_at"
    list_per_page = 50
    readonly_fields = ["player", "judgement", "task_link", "lineage", "prompt_link", "model_line", "size_px",
                       "fps_rounded", "sound", "length", "file_size", "sha256", "state", "checked", "decoded", "flags",
                       "source", "created", "history"]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["player", "judgement", "title", "description", "history"]}),
        ("Where it comes from", {"fields": ["task_link", "lineage", "prompt_link", "model_line", "source",
                                            "created"]}),
        ("The file", {"fields": ["state", "checked", "decoded", "length", "size_px", "fps_rounded", "sound",
                                 "file_size", "flags", "sha256"]}),
    ]  # fmt: skip

    view_on_site = False  # the player has its own link to the catalog

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        Video.objects.filter(pk=obj.pk).refresh_words()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Video], search_term: str
    ) -> tuple[QuerySet[Video], bool]:
        """Find clips as the catalog does: by all words, however they are written."""
        for word in fold(search_term).split():
            queryset = queryset.filter(words__contains=word)
        return queryset, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def clips_of(self, rows: QuerySet[Any]) -> QuerySet[Video]:
        return rows

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/judge/", wrap(review.judge_view), name="generations_video_judge"),
            path("<int:pk>/frame/", wrap(clip_frames.page), name="generations_video_frame"),
            path(
                "<int:pk>/frame/<int:number>.jpg",
                wrap(clip_frames.frame, cacheable=True),
                name="generations_video_frame_jpg",
            ),
            path("<int:pk>/frames.jpg", wrap(clip_frames.strip, cacheable=True), name="generations_video_frames_jpg"),
            path("pick/", wrap(clip_frames.pick), name="generations_video_pick"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_order"] = task_actions.may_order(request)
        context["way_back"] = way_back(request)
        if review.may_review(request):
            context["verdicts"] = review.buttons(kwargs["obj"], may_order=task_actions.may_order(request))
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Review", ordering="review")
    def verdict(self, video: Video) -> str:
        return review.badge(video)

    @admin.display(description="Review")
    def judgement(self, video: Video) -> str:
        return review.who_and_when(video)

    @admin.display(description="History")
    def history(self, video: Video) -> str:
        return review.history(video)

    @admin.display(description="Clip")
    def clip(self, video: Any) -> str:
        return display.video_poster(video, href=f"{display.admin_url(video)}{video.way_back}")

    @admin.display(description="Clip")
    def player(self, video: Video) -> str:
        if video.damage:
            return format_html(
                '<p class="note note-bad"><strong>This clip is damaged</strong> and is not shown: {}.<br>'
                "It is downloaded again once a day until its download link expires; "
                "<code>python manage.py reconcile</code> does so now. Nothing is charged.</p>",
                video.damage,
            )
        return format_html(
            '{}<video class="player" src="{}" poster="{}" controls loop playsinline preload="metadata"></video>'
            '<a class="under" href="{}">Open in the catalog</a>',
            _arrival_note(video), video.url, video.poster_url, video.get_absolute_url(),
        )  # fmt: skip

    @admin.display(description="Size")
    def size_px(self, video: Video) -> str:
        return f"{video.width} × {video.height}" if video.width else "unknown"

    @admin.display(description="Sound", ordering="has_audio")
    def sound(self, video: Video) -> str:
        return "with sound" if video.has_audio else "silent"

    @admin.display(description="Frames per second")
    def fps_rounded(self, video: Video) -> str:
        return f"{video.fps:g}" if video.fps else "unknown"

    @admin.display(description="File size")
    def file_size(self, video: Video) -> str:
        return video.size

    @admin.display(description="Model", ordering="task__model")
    def model_line(self, video: Video) -> str:
        return display.settings_line(video.task)

    @admin.display(description="Prompt", ordering="task__prompt")
    def prompt_link(self, video: Video) -> str:
        return display.link(video.task.prompt)

    @admin.display(description="Task")
    def task_link(self, video: Video) -> str:
        return display.link(video.task)

    @admin.display(description="Lineage")
    def lineage(self, video: Video) -> str:
        """Draw what the clip came from, and what came of it."""
        found = lineage.of_task(video.task)
        page = "admin/generations/generationtask/_lineage.html"
        return render_to_string(page, {"lineage": found}) if found else display.EMPTY

    @admin.display(description="Differs from the order")
    def flags(self, video: Video) -> str:
        pills = ((difference,) for difference in video.differences)
        return format_html_join(" ", '<span class="badge badge-warn">{}</span>', pills) or display.EMPTY

    @admin.display(description="File", ordering="damage")
    def state(self, video: Video) -> str:
        if video.arrived_damaged and not video.damage:
            return format_html(
                '<span class="badge badge-bad">arrived damaged</span> <small class="quiet">{}</small>',
                video.arrived_damaged,
            )
        if not video.damage:
            return "complete"
        return format_html('<span class="badge badge-bad">damaged</span> <small class="quiet">{}</small>', video.damage)

    @admin.display(description="File last checked")
    def checked(self, video: Video) -> str:
        return display.when(video.checked_at)

    @admin.display(description="Every frame decoded")
    def decoded(self, video: Video) -> str:
        return display.when(video.decoded_at) if video.decoded_at else "not yet: in the background, within minutes"

    @admin.display(description="Download link")
    def source(self, video: Video) -> str:
        return video.source_url or "expired"

    @admin.display(description="Created", ordering="created_at")
    def created(self, video: Video) -> str:
        return display.when(video.created_at)
