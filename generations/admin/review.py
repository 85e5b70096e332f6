"""Approve and reject one clip or many, and say what an approval canceled and saved."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin import display
from generations.admin.base import person_of
from generations.admin.task_actions import may_order
from generations.formats import usd
from generations.library import reviewing
from generations.library.reviewing import Judged
from generations.models import Review, Video

TONES = {Review.APPROVED: "good", Review.REJECTED: "bad", Review.UNDECIDED: "neutral"}
DONE = {Review.APPROVED: "Approved", Review.REJECTED: "Rejected", Review.UNDECIDED: "Decision cleared"}


class VerdictForm(forms.Form):
    """A decision on a clip; `stop` also cancels the takes that were not sent yet."""

    verdict = forms.ChoiceField(choices=Review.choices, required=False)
    stop = forms.BooleanField(required=False)


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
    """Return the decision as a badge."""
    review = Review(video.review)
    return format_html('<span class="badge badge-{}">{}</span>', TONES[review], review.label)


def who_and_when(video: Video) -> str:
    """Return the decision with its person and time."""
    if not video.reviewed_at:
        return badge(video)
    return format_html("{} by {}, {}", badge(video), video.reviewed_by or "a command", display.when(video.reviewed_at))


def buttons(video: Video, *, may_order: bool) -> list[Button]:
    """Return the decisions that would change something, with what an approval could cancel."""
    found = []
    if video.review != Review.APPROVED:
        found.append(Button(Review.APPROVED, "Approve", "default"))
        waits = [] if video.task.stops_when_approved or not may_order else list(reviewing.waiting(video.task))
        if waits:
            takes = "1 waiting take" if len(waits) == 1 else f"{len(waits)} waiting takes"
            spared = Judged(True, tuple(waits))
            worth = usd(spared.saved_usd, is_minimum=spared.saved_is_minimum)
            found.append(Button(Review.APPROVED, f"Approve, and cancel {takes} ({worth})", stop=True))
    if video.review != Review.REJECTED:
        found.append(Button(Review.REJECTED, "Reject", "danger"))
    if video.review != Review.UNDECIDED:
        found.append(Button(Review.UNDECIDED, "Clear decision"))
    return found


@require_POST
def judge_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply a decision to one clip. Raises: PermissionDenied, Http404."""
    if not may_review(request):
        raise PermissionDenied
    video = get_object_or_404(Video.objects.select_related("task"), pk=pk)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose to approve, reject or clear the decision. Nothing was changed.")
        return redirect("admin:generations_video_change", pk)
    verdict = Review(form.cleaned_data["verdict"])
    # Only who may order may cancel orders; takes that were ordered to stop at an approval stop anyway.
    stop = form.cleaned_data["stop"] and may_order(request)
    judged = reviewing.judge(video, verdict, at=clock.now(), by=person_of(request), stop=stop)
    if judged.changed:
        log(request, video, verdict)
    text = said(verdict, 1) if judged.changed else "Already decided so. Nothing was changed."
    messages.success(request, f"{text} {saved(judged)}".strip())
    return redirect("admin:generations_video_change", pk)


def judge_all(request: HttpRequest, videos: QuerySet[Video], verdict: Review) -> None:
    """Apply a decision to the chosen clips of a list."""
    at = clock.now()
    judged = []
    for video in videos.select_related("task"):
        judged.append(reviewing.judge(video, verdict, at=at, by=person_of(request)))
        if judged[-1].changed:
            log(request, video, verdict)
    canceled = tuple(task for one in judged for task in one.canceled)
    text = said(verdict, sum(one.changed for one in judged))
    messages.success(request, f"{text} {saved(Judged(True, canceled))}".strip())


def log(request: HttpRequest, video: Video, verdict: Review) -> None:
    """Write a decision into the history of the clip and of its task."""
    by, words = person_of(request).pk, DONE[verdict]
    for row, text in ((video, f"{words}."), (video.task, f"{words}: clip {video.pk}.")):
        LogEntry.objects.log_actions(by, [row], CHANGE, change_message=text, single_object=True)


def said(verdict: Review, count: int) -> str:
    return f"{DONE[verdict]}: {count} clip{'' if count == 1 else 's'}."


def saved(judged: Judged) -> str:
    """Say what an approval saved; empty when it canceled nothing."""
    if not judged.canceled:
        return ""
    takes = "1 waiting take was" if len(judged.canceled) == 1 else f"{len(judged.canceled)} waiting takes were"
    worth = "not charged" if judged.saved_usd is None else f"{usd(judged.saved_usd)} is no longer reserved"
    return f"{takes} canceled, {worth}."
