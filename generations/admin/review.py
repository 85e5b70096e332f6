"""Approve and reject one clip or many, say what an approval canceled and saved, and show each clip's history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin import bulk, display
from generations.admin.base import person_of, way_back
from generations.admin.task_actions import may_order
from generations.formats import usd
from generations.library import bulk as clips
from generations.library import reviewing
from generations.library.reviewing import DONE, Judged, MoveRefused
from generations.models import GenerationTask, Review, Video
from generations.models.videos import STATES, State

TONES = {State.DRAFT: "neutral", State.IN_REVIEW: "warn", State.APPROVED: "good", State.REJECTED: "bad",
         State.PUBLISHED: "info"}  # fmt: skip


class VerdictForm(forms.Form):
    """A decision on a clip; `stop` also cancels the takes that were not sent yet."""

    verdict = forms.ChoiceField(choices=Review.choices, required=False)
    stop = forms.BooleanField(required=False)


class StateFilter(admin.SimpleListFilter):
    """Select clips by their state."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, capfirst(str(state.label))) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        state = self.value()
        return queryset.filter(STATES[state]) if state in STATES else queryset


@dataclass(frozen=True, slots=True)
class Button:
    """One decision that is possible now."""

    verdict: str
    label: str
    tone: str = ""
    stop: bool = False


def may_review(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("generations.review_clips"))


def badge(video: Video) -> str:
    """Return the state as a badge."""
    return format_html('<span class="badge badge-{}">{}</span>', TONES[video.state], video.state.label)


def who_and_when(video: Video) -> str:
    """Return the state with its person and time."""
    at = video.published_at or video.reviewed_at
    if not at:
        return badge(video)
    by = video.published_by if video.published_at else video.reviewed_by
    hint = gettext("Unpublish it in the catalog before you decide again.") if video.published_at else ""
    person = by or gettext("a command")
    words = gettext("{state} by {person}, {time}")
    line = format_html(words, state=badge(video), person=person, time=display.when(at))
    return display.two_lines(line, hint)


def history(video: Video) -> str:
    """Return every move of a clip, oldest first, with its person and reason."""
    lines = (
        (display.when(event.at), event.by or gettext("a command"), State(event.was).label, State(event.now).label,
         format_html(": {}", event.reason) if event.reason else "")
        for event in video.events.select_related("by")
    )  # fmt: skip
    rows = format_html_join("", "<li>{} {}: {} → {}{}</li>", lines)
    return format_html("<ol>{}</ol>", rows) if rows else display.EMPTY


def buttons(video: Video, *, may_order: bool) -> list[Button]:
    """Return the decisions that would change something, with what an approval could cancel."""
    if video.state == State.PUBLISHED:
        return []  # it is unpublished first, on its page in the catalog
    found = []
    if video.review != Review.APPROVED:
        found.append(Button(Review.APPROVED, gettext("Approve"), "default"))
        waits = [] if video.task.stops_by_itself or not may_order else list(reviewing.waiting(video.task))
        if waits:
            text = ngettext(
                "Approve, and cancel {n} waiting take ({money})",
                "Approve, and cancel {n} waiting takes ({money})",
                len(waits),
            )
            spared = Judged(True, tuple(waits))
            worth = usd(spared.saved_usd, is_minimum=spared.saved_is_minimum)
            found.append(Button(Review.APPROVED, text.format(n=len(waits), money=worth), stop=True))
    if video.review != Review.REJECTED:
        found.append(Button(Review.REJECTED, gettext("Reject"), "danger"))
    if video.review in (Review.APPROVED, Review.REJECTED):
        found.append(Button(Review.UNDECIDED, gettext("Clear decision")))
    return found


@require_POST
def judge_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply a decision to one clip. Raises: PermissionDenied, Http404."""
    if not may_review(request):
        raise PermissionDenied
    video = get_object_or_404(Video.objects.visible_to(person_of(request)).select_related("task"), pk=pk)
    page = f"{display.admin_url(video)}{way_back(request)}"
    form = VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose to approve, reject or clear the decision. Nothing was changed."))
        return redirect(page)
    verdict = Review(form.cleaned_data["verdict"])
    # Only who may order may cancel orders; takes that were ordered to stop at an approval stop anyway.
    stop = form.cleaned_data["stop"] and may_order(request)
    try:
        judged = reviewing.judge(video, verdict, at=clock.now(), by=person_of(request), stop=stop)
    except MoveRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(page)
    if judged.changed:
        log(request, [video], verdict)
    text = said(verdict, 1) if judged.changed else gettext("Already decided so. Nothing was changed.")
    messages.success(request, f"{text} {judged.saved}".strip())
    return redirect(page)


def judge_all(request: HttpRequest, videos: QuerySet[Video], verdict: Review) -> None:
    """Apply a decision to the chosen clips of a list."""
    try:
        ids = bulk.ids_of(videos)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return
    outcome = clips.decide(ids, verdict, at=clock.now(), by=person_of(request))
    log(request, outcome.judged, verdict)
    bulk.say(request, outcome)


def log(request: HttpRequest, videos: list[Video], verdict: Review) -> None:
    """Write a decision into the histories of clips and of their tasks."""
    by = person_of(request).pk
    kinds = ContentType.objects.get_for_models(Video, GenerationTask)
    with override(settings.LANGUAGE_CODE):  # rows, which everybody reads
        words = DONE[verdict]
        rows = [
            LogEntry(user_id=by, content_type=kinds[type(row)], object_id=str(row.pk), object_repr=str(row)[:200],
                     action_flag=CHANGE, change_message=text)
            for video in videos
            for row, text in ((video, f"{words}."), (video.task, f"{words}: clip {video.pk}."))
        ]  # fmt: skip
    LogEntry.objects.bulk_create(rows, batch_size=500)


def said(verdict: Review, count: int) -> str:
    return f"{DONE[verdict]}: {bulk.counted('clip', count)}."
