"""One clip by itself, for frames on other sites: a published one, or one that a link without a password shares."""

from __future__ import annotations

from csp.decorators import csp_replace
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from generations import clock
from generations.catalog.guest_clips import GuestClip
from generations.catalog.shares import HEADERS, gone
from generations.library import sharing
from generations.models import Video


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]
def embed(request: HttpRequest, token: str) -> HttpResponse:
    """Show the player of one clip. Published clips are named by their number, others by a link's token."""
    clip = _published(token) or _shared(request, token)
    response = render(request, "embed/clip.html", {"clip": clip}) if clip else gone(request)
    for name, value in HEADERS.items():
        response[name] = value
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _published(token: str) -> GuestClip | None:
    """Return a clip that everybody may see."""
    if not (token.isascii() and token.isdigit() and len(token) < 18):
        return None
    video = Video.objects.visible_to(AnonymousUser()).filter(pk=int(token)).first()
    return GuestClip.of(video, "/") if video else None


def _shared(request: HttpRequest, token: str) -> GuestClip | None:
    """Return the clip of a link, counting the view; a frame has no place for a password."""
    at = clock.now()
    share = sharing.find(token, at=at)
    if share is None or share.password or not share.video_id:
        return None
    video = sharing.videos_of(share, at=at).first()
    if video and request.method == "GET":
        sharing.count_view(share)
    return GuestClip.of(video, share.get_absolute_url()) if video else None
