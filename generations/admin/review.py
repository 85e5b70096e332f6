"""Approve and reject: doors for one clip and for many, which say what the approval took back and saved."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin import display
from generations.admin.task_actions import may_order
from generations.formats import usd
from generations.library import reviewing
from generations.library.reviewing import Judged
from generations.models import Review, Video

TONES = {Review.APPROVED: "good", Review.REJECTED: "bad", Review.UNDECIDED: "neutral"}
DONE = {Review.APPROVED: "Approved", Review.REJECTED: "Rejected", Review.UNDECIDED: "Undecided again"}


class VerdictForm(forms.Form):
    """What a person thinks of a clip; `stop` also takes back the takes that still wait."""

    verdict = forms.ChoiceField(choices=Review.choices, required=False)
    stop = forms.BooleanField(required=False)


@dataclass(frozen=True, slots=True)
class Button:
    """One verdict that can be pressed now."""

    verdict: str
    label: str
    tone: str = ""
    stop: bool = False


def may_review(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("generations.review_clips"))


def badge(video: Video) -> str:
    """The judgement, on its colour."""
    review = Review(video.review)
    return format_html('<span class="badge badge-{}">{}</span>', TONES[review], review.label)


def who_and_when(video: Video) -> str:
    """The judgement with its person and time."""
    if not video.reviewed_at:
        return badge(video)
    return format_html("{} by {}, {}", badge(video), video.reviewed_by or "a command", display.when(video.reviewed_at))


def buttons(video: Video, *, may_order: bool) -> list[Button]:
    """The verdicts that would change something, with what an approval could take back."""
    found = []
    if video.review != Review.APPROVED:
        found.append(Button(Review.APPROVED, "Approve", "default"))
        waits = [] if video.task.stops_when_approved or not may_order else list(reviewing.waiting(video.task))
        if waits:
            takes = "1 take that waits" if len(waits) == 1 else f"{len(waits)} takes that wait"
            worth = usd(Judged(True, tuple(waits)).saved_usd)
            found.append(Button(Review.APPROVED, f"Approve, and cancel {takes} ({worth})", stop=True))
    if video.review != Review.REJECTED:
        found.append(Button(Review.REJECTED, "Reject", "danger"))
    if video.review != Review.UNDECIDED:
        found.append(Button(Review.UNDECIDED, "Undecided again"))
    return found


@require_POST
def door(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge one clip."""
    if not may_review(request):
        raise PermissionDenied
    video = get_object_or_404(Video.objects.select_related("task"), pk=pk)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A clip is approved, rejected or undecided. Nothing was changed.")
        return redirect("admin:generations_video_change", pk)
    verdict = Review(form.cleaned_data["verdict"])
    # Who may not order may not take orders back either; those that were ordered to stop then, do.
    stop = form.cleaned_data["stop"] and may_order(request)
    judged = reviewing.judge(video, verdict, at=clock.now(), by=request.user, stop=stop)
    text = said(verdict, 1) if judged.changed else "It stands so already."
    messages.success(request, f"{text} {saved(judged)}".strip())
    return redirect("admin:generations_video_change", pk)


def judge_all(request: HttpRequest, videos: QuerySet[Video], verdict: Review) -> None:
    """Judge the chosen clips of a list."""
    at = clock.now()
    judged = [reviewing.judge(video, verdict, at=at, by=request.user) for video in videos.select_related("task")]
    canceled = tuple(task for one in judged for task in one.canceled)
    text = said(verdict, sum(one.changed for one in judged))
    messages.success(request, f"{text} {saved(Judged(True, canceled))}".strip())


def said(verdict: Review, count: int) -> str:
    return f"{DONE[verdict]}: {count} clip{'' if count == 1 else 's'}."


def saved(judged: Judged) -> str:
    """What an approval saved; empty when it took nothing back."""
    if not judged.canceled:
        return ""
    takes = "1 take that waited is" if len(judged.canceled) == 1 else f"{len(judged.canceled)} takes that waited are"
    worth = "at a price that is not known" if judged.saved_usd is None else f"{usd(judged.saved_usd)} is free again"
    return f"{takes} canceled, {worth}."
