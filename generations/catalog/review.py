"""Review a clip where it plays: its state and history, send it back, publish it with a disclosure decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from generations import clock
from generations.catalog.access import for_browsers
from generations.catalog.answers import back, clip_of, done, facts, for_writers, person_of, refused
from generations.formats import usd
from generations.library import publishing, reviewing
from generations.library.publishing import Answers
from generations.library.reviewing import Judged, MoveRefused
from generations.models import ClipEvent, GenerationTask, Status, Video
from generations.models.videos import MAX_RATING, State

YES_NO = [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]


class PublishForm(forms.Form):
    """The disclosure decision: both questions, neither answered beforehand."""

    could_seem_real = forms.ChoiceField(
        label=gettext_lazy("Does the clip show what could be taken for a real person, place or event?"),
        choices=YES_NO, widget=forms.RadioSelect, error_messages={"required": gettext_lazy("Answer yes or no.")},
    )  # fmt: skip
    is_labelled = forms.ChoiceField(
        label=gettext_lazy("Show the label “AI-generated” with it?"),
        choices=YES_NO, widget=forms.RadioSelect, error_messages={"required": gettext_lazy("Answer yes or no.")},
    )  # fmt: skip

    @property
    def answers(self) -> Answers:
        return Answers(**{name: value == "yes" for name, value in self.cleaned_data.items()})


@dataclass(frozen=True, slots=True)
class Line:
    """A move of a clip, in words."""

    event: ClipEvent

    @property
    def words(self) -> str:
        was, now = State(self.event.was), State(self.event.now)
        if now == State.DRAFT and self.event.reason:
            return _("Sent back")
        if was == State.PUBLISHED:
            return _("Unpublished")
        words = {
            State.DRAFT: _("Decision cleared"),
            State.IN_REVIEW: _("Review requested"),
            State.APPROVED: _("Approved"),
            State.REJECTED: _("Rejected"),
            State.PUBLISHED: _("Published"),
        }
        return words[now]


def for_panel(videos: QuerySet[Video]) -> QuerySet[Any]:
    """Annotate what spares `panel` a query: whether a clip has a history, and takes that were not sent yet."""
    waiting = GenerationTask.objects.filter(batch=OuterRef("task__batch"), status=Status.QUEUED)
    return videos.annotate(
        has_history=Exists(ClipEvent.objects.filter(video=OuterRef("pk"))),
        has_waiting=Exists(waiting.exclude(pk=OuterRef("task"))),
    )


def panel(request: HttpRequest, video: Any) -> dict[str, Any]:
    """Return what the panels of rating and review show whoever asks; nothing to visitors.

    The clip comes from `for_panel`.
    """
    if not request.user.is_authenticated:
        return {}
    by = person_of(request)
    reviews, publishes = (by.has_perm(f"generations.{name}_clips") for name in ("review", "publish"))
    waits = []
    if reviews and video.state not in (State.APPROVED, State.PUBLISHED) and by.has_perm("generations.order_clips"):
        spare = not video.has_waiting or video.task.stops_by_itself
        waits = [] if spare else list(reviewing.waiting(video.task))
    spared = Judged(True, tuple(waits))
    return {
        "stars": range(1, MAX_RATING + 1),
        "history": _history(video) if video.has_history else [],
        "may_review": reviews,
        "may_publish": publishes,
        "problem": publishing.problem(video) if publishes else "",
        "waits": len(waits),
        "worth": usd(spared.saved_usd, is_minimum=spared.saved_is_minimum) if waits else "",
    }


def _history(video: Video) -> list[Line]:
    return [Line(event) for event in video.events.select_related("by").order_by("-at", "-id")]


@for_writers
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a clip a draft again, with a reason. Raises: Http404, PermissionDenied."""
    video, by = clip_of(request, pk), person_of(request)
    if not by.has_perm("generations.review_clips"):
        raise PermissionDenied
    was = facts(request, video)
    try:
        moment = request.POST.get("at", "")
        reviewing.send_back(video, request.POST.get("reason", ""), at=clock.now(), by=by, moment=moment)
    except MoveRefused as refusal:
        return refused(request, video, str(refusal), status=409)
    return done(request, video, was, _("Sent back, with your reason in its history."))


@require_http_methods(["GET", "HEAD", "POST"])
@for_browsers
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the disclosure decision, then publish. Raises: Http404, PermissionDenied."""
    video = clip_of(request, pk)
    by = person_of(request)
    if not by.has_perm("generations.publish_clips"):
        raise PermissionDenied
    form = PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        was = facts(request, video)
        try:
            publishing.publish(video, form.answers, at=clock.now(), by=by)
        except MoveRefused as refusal:
            return refused(request, video, str(refusal), status=409)
        return done(request, video, was, " ".join([_("Published."), form.answers.warning]).strip())
    context = {"video": video, "form": form, "problem": publishing.problem(video), "next": back(request, "")}
    return render(request, "catalog/publish.html", context, status=400 if form.errors else 200)


@for_writers
def unpublish(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a published clip back. Raises: Http404, PermissionDenied."""
    video, by = clip_of(request, pk), person_of(request)
    if not by.has_perm("generations.publish_clips"):
        raise PermissionDenied
    was = facts(request, video)
    try:
        publishing.unpublish(video, at=clock.now(), by=by)
    except MoveRefused as refusal:
        return refused(request, video, str(refusal), status=409)
    return done(request, video, was, _("Unpublished. It stays approved."))
