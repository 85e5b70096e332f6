"""Rate a clip, keep it as a favourite, pick or reject it: what a key or a button sends."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from generations import clock
from generations.catalog.answers import clip_of, done, facts, for_writers, person_of, refused
from generations.library import ratings, reviewing
from generations.library.reviewing import DONE, MoveRefused
from generations.models import Review
from generations.models.videos import MAX_RATING, State

DECISIONS = {
    "approve": Review.APPROVED,
    "reject": Review.REJECTED,
    "clear": Review.UNDECIDED,
    "review": Review.IN_REVIEW,
}


@for_writers
def rating(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a clip 0 to 5 stars. Raises: Http404."""
    video = clip_of(request, pk)
    stars = request.POST.get("rating", "")
    if stars not in {str(number) for number in range(MAX_RATING + 1)}:
        words = _("rating: choose 0 to {most} stars. Nothing was changed.").format(most=MAX_RATING)
        return refused(request, video, words)
    was = facts(request, video)
    ratings.rate(video, int(stars))
    rated = _("Rated {stars} of {most}.").format(stars=stars, most=MAX_RATING)
    return done(request, video, was, rated if int(stars) else _("Rating cleared."))


@for_writers
def favourite(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a clip to one's own favourites, or take it out. Raises: Http404."""
    video = clip_of(request, pk)
    was = facts(request, video)
    choices = {"1": True, "0": False, "toggle": not was["favourite"]}
    liked = choices.get(request.POST.get("favourite", ""))
    if liked is None:
        return refused(request, video, _("favourite: choose 1, 0 or toggle. Nothing was changed."))
    ratings.set_favourite(video, person_of(request), liked)
    words = _("Added to your favourites.") if liked else _("Removed from your favourites.")
    return done(request, video, was, words)


@for_writers
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, reject, clear, or request a review. Raises: Http404, PermissionDenied."""
    video, by = clip_of(request, pk), person_of(request)
    verdict = DECISIONS.get(request.POST.get("decision", ""))
    if verdict is None:
        return refused(request, video, _("decision: choose approve, reject, clear or review. Nothing was changed."))
    asks = verdict == Review.IN_REVIEW and video.state == State.DRAFT
    if not asks and not by.has_perm("generations.review_clips"):
        raise PermissionDenied
    was = facts(request, video)
    # Only who may order may cancel orders; takes that were ordered to stop at an approval stop anyway.
    stop = bool(request.POST.get("stop")) and by.has_perm("generations.order_clips")
    try:
        judged = reviewing.judge(video, verdict, at=clock.now(), by=by, stop=stop)
    except MoveRefused as refusal:
        return refused(request, video, str(refusal), status=409)
    words = f"{DONE[verdict]}." if judged.changed else _("Already so. Nothing was changed.")
    return done(request, video, was, f"{words} {judged.saved}".strip())
