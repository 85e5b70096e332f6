"""Compare two to four clips on one play head: all of it is in the address, the winner is one POST."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from generations import clock
from generations.catalog.access import for_browsers, visible
from generations.catalog.answers import back, for_writers, person_of
from generations.catalog.wrong_addresses import WrongAddress
from generations.library import reviewing
from generations.library.reviewing import MoveRefused
from generations.models import Review, Video
from generations.models.videos import State

FEWEST, MOST = 2, 4
MAX_OFFSET = 48  # frames: two seconds at 24, further apart nothing is comparable
LAYOUTS = ("row", "grid")
ID_DIGITS = 18  # more are out of the column's range


class BadComparison(ValueError):
    """What the address asks for cannot be compared; the text names the field and its rule."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the address asks for: clips in their order, frames that each is ahead, which is audible, how they stand."""

    ids: tuple[int, ...]
    offsets: tuple[int, ...]
    sound: int
    layout: str
    won: int

    @classmethod
    def parse(cls, query: QueryDict) -> Comparison:
        """Read an address. Raises: BadComparison."""
        ids = tuple(dict.fromkeys(_number(text, "v", 0, 10**ID_DIGITS) for text in query.getlist("v")))
        if not FEWEST <= len(ids) <= MOST:
            words = _("v: choose {least} to {most} clips to compare, not {n}.")
            raise BadComparison("v", words.format(least=FEWEST, most=MOST, n=len(ids)))
        offsets = [_number(text, "offset", -MAX_OFFSET, MAX_OFFSET) for text in query.getlist("offset")[: len(ids)]]
        offsets += [0] * (len(ids) - len(offsets))
        layout = query.get("layout", LAYOUTS[0])
        if layout not in LAYOUTS:
            raise BadComparison("layout", _("layout: {one} or {other}.").format(one=LAYOUTS[0], other=LAYOUTS[1]))
        sound = _number(query.get("sound", "1"), "sound", 0, len(ids))
        return cls(ids, tuple(offsets), sound, layout, _number(query.get("won", "0"), "won", 0, 10**ID_DIGITS))


@dataclass(frozen=True, slots=True)
class Side:
    """One of the compared clips."""

    number: int
    video: Video
    offset: int
    is_audible: bool


@require_safe
@for_browsers
def compare(request: HttpRequest) -> HttpResponse:
    """Show the clips side by side. Raises: Http404 when one of them is not there for this person."""
    try:
        asked = Comparison.parse(request.GET)
    except BadComparison as error:
        return render(request, "catalog/compare.html", {"problem": str(error)}, status=HTTPStatus.BAD_REQUEST)
    if "next" not in request.GET and (came_from := _came_from(request)):
        return redirect(f"{request.get_full_path()}&{urlencode({'next': came_from})}")
    videos = _videos(request, asked)
    numbered = enumerate(zip(videos, asked.offsets, strict=True), 1)
    context = {
        "sides": [Side(number, video, offset, number == asked.sound) for number, (video, offset) in numbered],
        "asked": asked,
        "winner": next((video for video in videos if video.pk == asked.won), None),
        "others": [video for video in videos if video.pk != asked.won and video.state not in KEPT],
        "query": request.GET.urlencode(),
        "back": _back(request, videos),
        "max_offset": MAX_OFFSET,
    }
    return render(request, "catalog/compare.html", context)


KEPT = (State.REJECTED, State.PUBLISHED)  # what a rejection of the others leaves as it is


@for_writers
def winner(request: HttpRequest) -> HttpResponse:
    """Let one of the clips stand for its shot, and approve it if the person may. Raises: Http404."""
    videos, by = _videos(request, _asked(request)), person_of(request)
    won = next((video for video in videos if str(video.pk) == request.POST.get("winner")), None)
    if won is None:
        raise Http404
    at, reviews = clock.now(), by.has_perm("generations.review_clips")
    stands = reviewing.choose(won, at=at, by=by, replace=reviews)
    kept = _("An approved take keeps its place for its shot.")
    words = _("{title} now stands for its takes.").format(title=won.title) if stands else kept
    if reviews:
        judged = reviewing.judge(won, Review.APPROVED, at=at, by=by)
        words = " ".join(filter(None, [words, _("Approved."), judged.saved])) if judged.changed else words
    messages.success(request, words)
    query = request.GET.copy()
    query["won"] = str(won.pk)
    return redirect(f"{reverse('compare')}?{query.urlencode()}")


@for_writers
def reject_others(request: HttpRequest) -> HttpResponse:
    """Reject all but the winner, and return to where the person came from. Raises: Http404, PermissionDenied."""
    asked, by = _asked(request), person_of(request)
    if not by.has_perm("generations.review_clips"):
        raise PermissionDenied
    videos = _videos(request, asked)
    if asked.won not in asked.ids:
        raise Http404
    rejected = 0
    for video in videos:
        if video.pk == asked.won or video.state in KEPT:
            continue
        try:
            rejected += reviewing.judge(video, Review.REJECTED, at=clock.now(), by=by).changed
        except MoveRefused as refusal:
            messages.error(request, f"{video.title}: {refusal}")
    messages.success(request, ngettext("Rejected: {n} clip.", "Rejected: {n} clips.", rejected).format(n=rejected))
    return redirect(_back(request, videos))


def _asked(request: HttpRequest) -> Comparison:
    try:
        return Comparison.parse(request.GET)
    except BadComparison as error:
        raise WrongAddress(error.field) from error


def _videos(request: HttpRequest, asked: Comparison) -> list[Video]:
    found = visible(request).select_related("task").in_bulk(asked.ids)
    if len(found) < len(asked.ids):
        raise Http404
    return [found[pk] for pk in asked.ids]


def _back(request: HttpRequest, videos: Sequence[Video]) -> str:
    shots = {video.shot_id for video in videos}
    return back(request, reverse("takes", args=[shots.pop()]) if len(shots) == 1 else reverse("catalog"))


def _came_from(request: HttpRequest) -> str:
    """Return the page of this site that led here, so that the address keeps it; empty for none."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(referer)
    own = parts.path and not parts.path.startswith(reverse("compare"))
    return urlunsplit(("", "", parts.path, parts.query, "")) if own else ""


def _number(text: str, field: str, least: int, most: int) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= ID_DIGITS and least <= int(text) <= most):
        ranged, any_number = _("{field}: a whole number from {least} to {most}."), _("{field}: a whole number.")
        rule = ranged if most < 10**ID_DIGITS else any_number
        raise BadComparison(field, rule.format(field=field, least=least, most=most))
    return int(text)
