"""The poster picker: ten frames of a clip, one of which a person makes its poster."""

from __future__ import annotations

import logging
from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generations import clock
from generations.catalog.answers import back, clip_of, for_writers, refused, wants_json
from generations.catalog.files import FIXED_HEADERS
from generations.library.posters import NoPoster, choose_poster
from generations.media.clips import NotAVideo
from generations.media.previews import FRAMES, frame_strip, frame_times
from generations.models import Video

logger = logging.getLogger(__name__)


@require_safe
@login_required
def frames(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send ten frames of a clip's preview, side by side in one picture. Raises: Http404, PermissionDenied."""
    video = _clip(request, pk)
    if not video.preview:
        raise Http404
    etag = quote_etag(str(video.preview))
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    try:
        strip = frame_strip(Path(video.preview.path), frame_times(video.duration_seconds))
    except (NotAVideo, OSError) as error:
        logger.error("no frames of video %s: %s", pk, error)
        raise Http404 from error
    return HttpResponse(
        strip, content_type="image/jpeg", headers=FIXED_HEADERS | {"Accept-Ranges": "none", "ETag": etag}
    )


@for_writers
def poster(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one of the ten frames the clip's poster. Raises: Http404, PermissionDenied."""
    video = _clip(request, pk)
    frame = request.POST.get("frame", "")
    if frame not in {str(number) for number in range(FRAMES)}:
        words = _("frame: choose a number from 0 to {most}. Nothing was changed.").format(most=FRAMES - 1)
        return refused(request, video, words)
    try:
        choose_poster(video, frame_times(video.duration_seconds)[int(frame)], at=clock.now())
    except NoPoster as why:
        return refused(request, video, str(why), status=409)
    if wants_json(request):
        now = Video.objects.get(pk=pk)
        return JsonResponse({"poster": now.poster_url, "poster_small": now.small_poster_url, "color": now.color})
    messages.success(request, _("This frame is the poster now."))
    return redirect(back(request, video.get_absolute_url()))


def _clip(request: HttpRequest, pk: int) -> Video:
    """Return a clip that the person may change. Raises: Http404, PermissionDenied."""
    video = clip_of(request, pk)
    if not request.user.has_perm("generations.change_video"):
        raise PermissionDenied
    return video
