"""Choose a frame of a stored clip: to continue the clip from it, or as a picture of a form that waits for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from generations.admin import display, pickers, pictures
from generations.admin.base import person_of
from generations.admin.pictures import Draft
from generations.admin.task_actions import may_order
from generations.catalog.files import FIXED_HEADERS
from generations.forms.pictures import Continuation
from generations.library import clip_frames
from generations.library.clip_frames import Frames, NoFrame
from generations.lifecycle import continuing
from generations.models import ReferenceImage, Video
from generations.providers import offers

ENDS = (_("Last frame"), _("3 before the last"), _("5 before the last"))
MOST_DIGITS = 7  # of a frame's number


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the frames of a clip and one of them large; a POST keeps it and leads to the form.

    Raises: PermissionDenied without the right to order, Http404.
    """
    video, draft = _clip(request, pk), pictures.draft_of(request)
    try:
        frames = clip_frames.frames_of(video)
        if request.method == "POST":
            number = _number(request.POST.get("frame", ""), frames)
            if number is not None:
                return _use(request, video, draft, frames, number)
            text = gettext("frame: choose a number from 0 to {last}. Nothing was changed.")
            messages.error(request, text.format(last=frames.last))
        context = _shown(request, video, draft, frames)
    except NoFrame as why:
        context = {"why": str(why)}
    text = gettext("Choose a frame: {clip}") if draft else gettext("Continue: {clip}")
    title = text.format(clip=video.title)
    context |= {**admin.site.each_context(request), "title": title, "video": video, "draft": draft}
    return render(request, "admin/generations/video/frame.html", context)


@require_safe
def frame(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Send one frame of a clip as a JPEG. Raises: PermissionDenied, Http404."""
    video = _clip(request, pk)
    return _picture(request, video, f"{number}", lambda: clip_frames.picture(video, number))


@require_safe
def strip(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the frames to choose from, side by side. Raises: PermissionDenied, Http404."""
    video = _clip(request, pk)
    return _picture(request, video, "strip", lambda: clip_frames.strip(video, clip_frames.frames_of(video)))


@require_safe
def pick(request: HttpRequest) -> HttpResponse:
    """List clips, of one of which a frame is chosen for a form. Raises: PermissionDenied."""
    clips = Video.objects.visible_to(person_of(request)).filter(damage="")
    return pickers.show(request, pickers.with_words(clips, request.GET.get("q", "")), _card, "clip")


def _card(draft: Draft, video: Video) -> dict[str, Any]:
    return {
        "url": f"{reverse('admin:generations_video_frame', args=[video.pk])}?{draft.query}",
        "poster": display.video_poster(video), "name": video.title, "facts": offers.model_name(video.model),
    }  # fmt: skip


def _clip(request: HttpRequest, pk: int) -> Video:
    if not may_order(request):
        raise PermissionDenied
    return get_object_or_404(Video.objects.visible_to(person_of(request)).select_related("task"), pk=pk)


def _number(text: str, frames: Frames) -> int | None:
    """Return the number of a frame that a person typed; None for what is no frame of the clip."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else -1
    return number if 0 <= number <= frames.last else None


def _use(request: HttpRequest, video: Video, draft: Draft | None, frames: Frames, number: int) -> HttpResponse:
    """Keep a frame and lead to the form that it is for, or to one with the clip's settings. Raises: NoFrame."""
    image = clip_frames.keep(video, number)
    found = Continuation(video.task, round(frames.at(number), 3), image.pk)
    messages.success(request, _kept(video, image, frames, number))
    if draft:
        return redirect(draft.with_image(image, found))
    form = reverse("admin:generations_prompt_generate", args=[video.prompt_id])
    return redirect(f"{form}?{urlencode({'continued': found.sign()})}")


def _kept(video: Video, image: ReferenceImage, frames: Frames, number: int) -> str:
    said = [gettext("Frame {number} of {last} is kept as a picture.").format(number=number, last=frames.last)]
    if image.width < video.width:
        reduced = gettext("It was reduced to {size}, as providers take at most 10 MB.")
        said.append(reduced.format(size=f"{image.width} × {image.height}"))
    return " ".join([*said, gettext("Nothing is ordered yet.")])


def _shown(request: HttpRequest, video: Video, draft: Draft | None, frames: Frames) -> dict[str, Any]:
    """Return what the page shows; the address names the frame, or a moment of the clip."""
    number = _asked(request, frames)
    order = None if draft else continuing.with_start_image(video.task)
    base = f"?{draft.query}&" if draft else "?"

    def link(to: int, words: str, place: int | None = None) -> dict[str, Any]:
        return {"url": f"{base}frame={to}", "number": to, "words": words, "place": place, "is_chosen": to == number}

    ends = [link(to, str(words), place) for place, (to, words) in enumerate(zip(frames.ends, ENDS, strict=True))]
    spread = [link(to, f"{frames.at(to):.1f} s", len(ends) + place) for place, to in enumerate(frames.spread)]
    return {
        "frames": frames, "number": number, "seconds": f"{frames.at(number):.2f}", "version": video.sha256[:12],
        "ends": ends, "spread": spread,
        "strip_width": video.width * (len(ends) + len(spread)),
        "before": link(number - 1, gettext("Previous frame")) if number > 0 else None,
        "after": link(number + 1, gettext("Next frame")) if number < frames.last else None,
        "mode": f"{offers.model_name(order.model)}, {offers.mode_name(order.mode)}" if order else "",
        "caution": continuing.cautions([video.task_id]).get(video.task_id, ""),
    }  # fmt: skip


def _asked(request: HttpRequest, frames: Frames) -> int:
    number = _number(request.GET.get("frame", ""), frames)
    if number is not None:
        return number
    try:
        return frames.nearest(float(request.GET["t"]))
    except (KeyError, ValueError):
        return frames.usual


def _picture(request: HttpRequest, video: Video, name: str, make: Callable[[], bytes]) -> HttpResponse:
    """Send a picture that a browser keeps. Raises: Http404 when there is none."""
    etag = quote_etag(f"{video.sha256}-{name}")
    unchanged = get_conditional_response(request, etag=etag)
    if isinstance(unchanged, HttpResponse):
        return unchanged
    try:
        content = make()
    except NoFrame as why:
        raise Http404(str(why)) from why
    headers = FIXED_HEADERS | {"Accept-Ranges": "none", "ETag": etag}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)
