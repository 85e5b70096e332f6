"""The list and the page of tasks, which refresh themselves. A task cannot be edited; actions change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BLANK_CHOICE_DASH, Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from generations import clock
from generations.admin import attention, clip_actions, display, paid_actions, receipt, task_actions, task_page
from generations.admin.base import NameFilter, ReadOnlyAdmin, person_of, way_back
from generations.admin.campaigns import CampaignFilter
from generations.admin.clip_actions import ClipActions
from generations.admin.lookups import NUMBERS, UUID
from generations.admin.paid_actions import MAX_RETRIES
from generations.admin.picking import PersonFilter
from generations.admin.task_words import ERRORS
from generations.catalog.wrong_addresses import NUMBER
from generations.formats import duration
from generations.lifecycle.ordering import RETRIED_FROM
from generations.models import GenerationTask, Pause, Status, TaskEvent, Video

REASON_LENGTH = 90
PERSON = "person"  # the filter value for tasks that need a decision


class StatusFilter(admin.SimpleListFilter):
    """Filter by status, and by two groups of statuses."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = [(PERSON, gettext("Needs a person")), ("provider", gettext("At the provider"))]
        return [*groups, *((status.value, str(status.label)) for status in Status)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GenerationTask]) -> QuerySet[GenerationTask]:
        value = self.value()
        if value == PERSON:
            return queryset.filter(attention.needs_a_person(attention.overdue_ids(at=clock.now())))
        if value == "provider":
            return queryset.filter(status__in=attention.AT_THE_PROVIDER)
        return queryset.filter(status=value) if value in Status.values else queryset


@admin.register(GenerationTask)
class TaskAdmin(ReadOnlyAdmin, ClipActions):
    fields = ()  # the template draws the page
    list_display = ["clip", "name", "status_badge", "settings", "price", "ordered"]
    list_display_links = ["name"]
    list_filter = [StatusFilter, CampaignFilter, PersonFilter, ("provider", NameFilter), ("model", NameFilter),
                   "practice"]  # fmt: skip
    list_select_related = ["prompt", "ordered_by"]
    search_fields = ["prompt_text", "prompt__title", "remote_id", "=id"]
    search_help_text = _("Words of the prompt, a task's number, or the provider's id.")
    date_hierarchy = "created_at"
    list_per_page = 50
    linked = {"id__in": NUMBERS, "prompt": NUMBER, "order_batch": NUMBER, "batch": UUID}
    actions = ["cancel", "poll_now", "try_again", *clip_actions.ACTIONS]

    def has_order_clips_permission(self, request: HttpRequest) -> bool:
        return task_actions.may_order(request)

    def has_decide_orders_permission(self, request: HttpRequest) -> bool:
        return task_actions.may(request, task_actions.DECIDE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GenerationTask]:
        canceled = TaskEvent.objects.filter(now=Status.CANCELED).select_related("by")
        cancellations = Prefetch("events", queryset=canceled, to_attr="cancellations")
        pauses = Pause.objects.that_stop(OuterRef("provider"), OuterRef("model"))
        tasks: QuerySet[GenerationTask] = super().get_queryset(request)
        videos = Prefetch("videos", queryset=Video.objects.visible_to(person_of(request)))
        return tasks.annotate(is_paused=Exists(pauses)).prefetch_related(videos, cancellations)

    def clips_of(self, request: HttpRequest, rows: QuerySet[GenerationTask]) -> QuerySet[Video]:
        clips = Video.objects.visible_to(person_of(request))
        return clips.filter(task__in=rows.order_by().values("pk")).order_by("-task", "position")

    def get_action_choices(self, request: HttpRequest, default_choices: Any = BLANK_CHOICE_DASH) -> list[Any]:
        """Part what is done to orders from what is done to their clips."""
        found = super().get_action_choices(request, default_choices)
        of_clips = [pair for pair in found if pair[0] in clip_actions.ACTIONS]
        return [
            *(pair for pair in found if pair not in of_clips),
            *([(gettext("Their clips"), of_clips)] if of_clips else []),
        ]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("live/", wrap(self.live_list), name="generations_generationtask_live_list"),
            path("worker/", wrap(worker), name="generations_worker"),
            path("receipt/<uuid:batch>/", wrap(receipt.page), name="generations_receipt"),
            path("<int:pk>/live/", wrap(self.live), name="generations_generationtask_live"),
            *(
                path(f"<int:pk>/{name}/", wrap(partial(view, name=name)), name=f"generations_task_{name}")
                for view, names in (
                    (task_actions.action_view, task_actions.ACTIONS),
                    (paid_actions.action_view, paid_actions.ACTIONS),
                )
                for name in names
            ),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {
            "title": gettext("Task {task}").format(task=kwargs["obj"].pk),
            "subtitle": None,
            **self._page(request, kwargs["obj"]),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the changing parts of a task's page, for task.js. Raises: PermissionDenied, Http404."""
        task = get_object_or_404(self.get_queryset(request).select_related("prompt"), pk=pk)
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request, task):
            raise PermissionDenied
        return render(request, "admin/generations/generationtask/_live.html", self._page(request, task))

    def live_list(self, request: HttpRequest) -> HttpResponse:
        """Return the table of the list, for task.js. Raises: PermissionDenied, WrongAddress."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        changelist = self.get_changelist_instance(request)
        changelist.formset = None
        context = {"cl": changelist, "opts": self.opts}
        return render(request, "admin/generations/generationtask/_rows.html", context)

    def _page(self, request: HttpRequest, task: GenerationTask) -> dict[str, Any]:
        now = clock.now()
        acts = task_actions.may(request, task_actions.ORDER, task_actions.DECIDE, task_actions.CORRECT)
        choices = task_page.choices(task, at=now) if acts else []
        allowed = [choice for choice in choices if task_actions.may(request, *choice.permissions)]
        here = f"{task.get_absolute_url()}{way_back(request)}"
        clips = Video.objects.visible_to(person_of(request))
        shown = task_page.live(task, at=now, clips=clips)
        return {**shown, "way_back": way_back(request), "here": here, "choices": allowed}

    @admin.action(description=_("Cancel tasks that were not sent"), permissions=["order_clips", "decide_orders"])
    def cancel(self, request: HttpRequest, tasks: QuerySet[GenerationTask]) -> None:
        self._each(request, tasks, task_actions.cancel, gettext("{n} of {count} canceled."))

    @admin.action(description=_("Check now with the provider"), permissions=["order_clips", "decide_orders"])
    def poll_now(self, request: HttpRequest, tasks: QuerySet[GenerationTask]) -> None:
        self._each(request, tasks, task_actions.poll, gettext("{n} of {count} are checked with the provider now."))

    @admin.action(description=_("Try again, after a receipt"), permissions=["order_clips"])
    def try_again(self, request: HttpRequest, tasks: QuerySet[GenerationTask]) -> HttpResponse | None:
        filters = request.GET.urlencode()
        outcome = receipt.confirm(request, filters=filters)
        if isinstance(outcome, HttpResponse):
            return outcome
        found = tasks.filter(status__in=RETRIED_FROM).order_by("id").select_related(*paid_actions.SHOWN)
        chosen = list(found[: MAX_RETRIES + 1])
        if not chosen:
            text = gettext("None of these can be tried again. Nothing was charged.")
            self.message_user(request, text, messages.WARNING)
            return None
        if len(chosen) > MAX_RETRIES:
            text = " ".join([gettext("At most {n} at a time.").format(n=MAX_RETRIES), str(receipt.NOTHING)])
            self.message_user(request, text, messages.ERROR)
            return None
        hidden = [("action", "try_again"), *(("_selected_action", str(task.pk)) for task in chosen)]
        action = paid_actions.again(chosen, hidden=hidden, filters=filters)
        return receipt.show(request, action, receipt.inspect(request, action), outcome)

    def _each(
        self,
        request: HttpRequest,
        tasks: QuerySet[GenerationTask],
        verb: Callable[[HttpRequest, GenerationTask], task_actions.Outcome],
        done: str,
    ) -> None:
        """Run an action on each task, and report how many succeeded and each different reason of the others."""
        said = [verb(request, task) for task in tasks]
        worked = sum(each.level == messages.SUCCESS for each in said)
        if worked:
            self.message_user(request, done.format(n=worked, count=len(said)), messages.SUCCESS)
        for text in dict.fromkeys(each.text for each in said if each.level != messages.SUCCESS):
            self.message_user(request, text, messages.WARNING)

    @admin.display(description=_("Clip"))
    def clip(self, task: GenerationTask) -> str:
        video = next(iter(task.videos.all()), None)
        return display.video_poster(video, href=display.page_of(video) if video else "")

    @admin.display(description=_("Task"), ordering="id")
    def name(self, task: GenerationTask) -> str:
        return format_html('{} <span class="quiet">#{}</span>', task.prompt.name, task.pk)

    @admin.display(description=_("Status"), ordering="status")
    def status_badge(self, task: GenerationTask) -> str:
        """Return the status and what follows, by this host's clock: the database's costs a query a row."""
        return display.two_lines(display.badge(task.status), _next_step(task, at=timezone.now()))

    @admin.display(description=_("Model"), ordering="model")
    def settings(self, task: GenerationTask) -> str:
        return display.settings_line(task)

    @admin.display(description=_("Price"), ordering="price_usd")
    def price(self, task: GenerationTask) -> str:
        free = gettext("not charged") if task.status in (Status.FAILED, Status.CANCELED) else ""
        return display.two_lines(display.task_price(task), free)

    @admin.display(description=_("Ordered"), ordering="created_at")
    def ordered(self, task: GenerationTask) -> str:
        by = gettext("by {person}").format(person=task.ordered_by) if task.ordered_by else gettext("by a command")
        return display.two_lines(display.when(task.created_at), by)


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Return what every staff page says while no worker runs, for worker.js."""
    return render(request, "admin/_worker.html")


def _next_step(task: GenerationTask, *, at: datetime) -> str:
    """Return when a task is checked next, or why it ended without a clip."""
    if task.status == Status.FAILED:
        reason = Truncator(task.error_message or str(ERRORS.get(task.error_kind, ""))).chars(REASON_LENGTH)
        return f"{reason.rstrip('.')}. {advised}" if (advised := task_page.advised(task)) else reason
    if task.status == Status.CANCELED:
        who = next((event.by for event in task.cancellations), None)  # type: ignore[attr-defined]
        if who:
            return gettext("canceled before it was sent by {person}").format(person=who)
        return gettext("canceled before it was sent")
    if task.overdue_seconds(at=at, scale=settings.WAIT_SCALE):
        return gettext("takes far longer than usual")
    if task.status == Status.UNCONFIRMED:
        return gettext("needs a decision")
    if task.due_at is None:
        return ""
    seconds = (task.due_at - at).total_seconds()
    if task.status == Status.QUEUED and task.is_paused:  # type: ignore[attr-defined]
        return gettext("waits: orders are paused")
    if task.status == Status.QUEUED and seconds <= 0:
        return gettext("waiting to be sent")
    return gettext("next check in {time}").format(time=duration(seconds)) if seconds > 0 else gettext("being checked")
