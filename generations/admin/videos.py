"""The pages of stored clips: staff watch, title, describe and review them; facts of the file cannot be edited."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.admin import clip_actions, clip_frames, display, review, task_actions
from generations.admin.base import ModelForm, NameFilter, person_of, way_back
from generations.admin.campaigns import CampaignFilter
from generations.admin.clip_actions import ClipActions
from generations.admin.picking import PersonFilter
from generations.folding import fold
from generations.library import lineage
from generations.library.naming import knows_orders
from generations.models import Video
from generations.models.videos import VideoQuerySet


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

    title = _("file")
    parameter_name = "damaged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("yes", gettext("Damaged")), ("arrived", gettext("Arrived damaged")), ("no", gettext("Complete")),
        ]  # fmt: skip

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
        gettext("It will be downloaded once more, in case that a better file comes.")
        if video.decode_due_at
        else gettext("The same file came again, or none, so no better one is to be expected.")
    )
    text = gettext(
        "<strong>This clip arrived damaged:</strong> {damage}. It was paid for, so it is kept. {more} "
        "Watch all of it before you approve it. If it is of no use, reject it, ask the provider for a refund "
        "with the task's id, or order another take."
    )
    return format_html('<p class="note note-bad">{}</p>', format_html(text, damage=video.arrived_damaged, more=more))


def _damage_note(video: Video) -> str:
    """Return what stands where the player was: whether a whole file may still come, what is paid, what to do."""
    text = gettext(
        "<strong>This clip is damaged</strong> and is not shown: {damage}.<br>"
        "It stays charged. Its download link has expired, so no whole file will come: put the file back from a backup, "
        'or order <a href="{url}">another take</a>, which is charged too.'
    )
    if video.source_url:
        text = gettext(
            "<strong>This clip is damaged</strong> and is not shown: {damage}.<br>"
            "It is downloaded again once a day until its download link expires; {command} does so now. It stays "
            "charged, and the download costs nothing."
        )
    command = format_html("<code>{}</code>", "python manage.py reconcile")
    note = format_html(text, damage=video.damage, command=command, url=video.task.get_absolute_url())
    return format_html('<p class="note note-bad">{}</p>', note)


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
    search_help_text = _("Words of the title, the description, the prompt or its tags.")
    date_hierarchy = "created_at"
    list_per_page = 50
    readonly_fields = ["player", "judgement", "task_link", "lineage", "prompt_link", "model_line", "size_px",
                       "fps_rounded", "sound", "length", "file_size", "sha256", "state", "checked", "decoded", "flags",
                       "source", "created", "history"]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["player", "judgement", "title", "description", "history"]}),
        (_("Where it comes from"), {"fields": ["task_link", "lineage", "prompt_link", "model_line", "source",
                                            "created"]}),
        (_("The file"), {"fields": ["state", "checked", "decoded", "length", "size_px", "fps_rounded", "sound",
                                 "file_size", "flags", "sha256"]}),
    ]  # fmt: skip

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Offer who ordered to those who may know it."""
        filters = list(super().get_list_filter(request))
        return filters if knows_orders(person_of(request)) else [each for each in filters if each is not PersonFilter]

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

    def get_queryset(self, request: HttpRequest) -> VideoQuerySet:
        videos = cast(VideoQuerySet, super().get_queryset(request))
        return videos.visible_to(person_of(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Video | None:
        found: Video | None = super().get_object(request, object_id, from_field)
        if found:
            found.beside = Video.objects.visible_to(person_of(request))  # type: ignore[attr-defined]
        return found

    def clips_of(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Video]:
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

    @admin.display(description=_("Review"), ordering="review")
    def verdict(self, video: Video) -> str:
        return review.badge(video)

    @admin.display(description=_("Review"))
    def judgement(self, video: Video) -> str:
        return review.who_and_when(video)

    @admin.display(description=_("History"))
    def history(self, video: Video) -> str:
        return review.history(video)

    @admin.display(description=_("Clip"))
    def clip(self, video: Any) -> str:
        return display.video_poster(video, href=f"{display.admin_url(video)}{video.way_back}")

    @admin.display(description=_("Length"))
    def length(self, video: Video) -> str:
        return video.length

    @admin.display(description=_("Clip"))
    def player(self, video: Video) -> str:
        if video.damage:
            return _damage_note(video)
        return format_html(
            '{}<video class="player" src="{}" poster="{}" controls loop playsinline preload="metadata"></video>'
            '<a class="under" href="{}">{}</a>',
            _arrival_note(video), video.url, video.poster_url, video.get_absolute_url(),
            gettext("Open in the catalog"),
        )  # fmt: skip

    @admin.display(description=_("Size"))
    def size_px(self, video: Video) -> str:
        return f"{video.width} × {video.height}" if video.width else gettext("unknown")

    @admin.display(description=_("Sound"), ordering="has_audio")
    def sound(self, video: Video) -> str:
        return gettext("with sound") if video.has_audio else gettext("silent")

    @admin.display(description=_("Frames per second"))
    def fps_rounded(self, video: Video) -> str:
        return f"{video.fps:g}" if video.fps else gettext("unknown")

    @admin.display(description=_("File size"))
    def file_size(self, video: Video) -> str:
        return video.size

    @admin.display(description=_("Model"), ordering="task__model")
    def model_line(self, video: Video) -> str:
        return display.settings_line(video.task)

    @admin.display(description=_("Prompt"), ordering="task__prompt")
    def prompt_link(self, video: Video) -> str:
        return display.link(video.task.prompt)

    @admin.display(description=_("Task"))
    def task_link(self, video: Video) -> str:
        return display.link(video.task)

    @admin.display(description=_("Lineage"))
    def lineage(self, video: Video) -> str:
        """Draw what the clip came from, and what came of it."""
        found = lineage.of_task(video.task, clips=getattr(video, "beside", None))
        page = "admin/generations/generationtask/_lineage.html"
        return render_to_string(page, {"lineage": found}) if found else display.EMPTY

    @admin.display(description=_("Differs from the order"))
    def flags(self, video: Video) -> str:
        pills = ((difference,) for difference in video.differences)
        return format_html_join(" ", '<span class="badge badge-warn">{}</span>', pills) or display.EMPTY

    @admin.display(description=_("File"), ordering="damage")
    def state(self, video: Video) -> str:
        if video.arrived_damaged and not video.damage:
            return format_html(
                '<span class="badge badge-bad">{}</span> <small class="quiet">{}</small>',
                gettext("arrived damaged"),
                video.arrived_damaged,
            )
        if not video.damage:
            return gettext("complete")
        return format_html(
            '<span class="badge badge-bad">{}</span> <small class="quiet">{}</small>', gettext("damaged"), video.damage
        )

    @admin.display(description=_("File last checked"))
    def checked(self, video: Video) -> str:
        return display.when(video.checked_at)

    @admin.display(description=_("Every frame decoded"))
    def decoded(self, video: Video) -> str:
        if not video.decoded_at:
            return gettext("not yet: in the background, within minutes")
        return display.when(video.decoded_at)

    @admin.display(description=_("Download link"))
    def source(self, video: Video) -> str:
        address, query, _signature = video.source_url.partition("?")
        return f"{address}?…" if query else address or gettext("expired")

    @admin.display(description=_("Created"), ordering="created_at")
    def created(self, video: Video) -> str:
        return display.when(video.created_at)
