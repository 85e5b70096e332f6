"""What the guests of a share link see: one clip, or a list and its clips, their files, and the guests' comments.

Everything is below `/s/<token>/`. These views never ask who is signed in, so a page is the same for everyone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, unquote

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations import clock
from generations.catalog.guest_clips import GuestClip, GuestComment
from generations.catalog.media import clip_of, plain_name, send
from generations.catalog.paging import BadCursor, Page, page
from generations.library import comments, sharing
from generations.library.sharing import Answer
from generations.library.shots import as_cards
from generations.models import Comment, Share

MAX_TAKES = 100  # of a clip's shot, on its page
MAX_NEIGHBOURS = 1000  # of a list, within which a clip's page knows the one before and the one after
COOKIE, GUEST = "share", "guest"  # what a password opened; the name that a guest gave
UNCACHED = "private, no-store"
HEADERS = {"Cache-Control": UNCACHED, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
View = Callable[..., HttpResponseBase]


def for_guests(view: View) -> View:
    """Give a view the share of its token; a link that does not work, and all that it does not show, is one 404 page.

    No CSRF token: the address is the secret that a forged form would need, and no account plays a part.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        share = sharing.find(token, at=clock.now())
        try:
            response = view(request, share, **kwargs) if share else gone(request)
        except Http404:
            response = gone(request)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return guarded


def for_admitted_guests(view: View) -> View:
    """Let in guests who have entered the link's password, if it has one; others see the form that asks for it."""

    @for_guests
    @wraps(view)
    def guarded(request: HttpRequest, share: Share, **kwargs: Any) -> HttpResponseBase:
        if not is_admitted(request, share):
            return _ask(request, share)
        return view(request, share, **kwargs)

    return guarded


def is_admitted(request: HttpRequest, share: Share) -> bool:
    return sharing.has_key(share, request.COOKIES.get(cookie_name(COOKIE), ""))


def cookie_name(name: str) -> str:
    return f"{settings.PATH_COOKIE_PREFIX}{name}"


def gone(request: HttpRequest) -> HttpResponse:
    """Say that there is nothing, in the same words for links that never were and for those that have ended."""
    return render(request, "share/gone.html", status=404)


@require_http_methods(["GET", "HEAD", "POST"])
@for_guests
def nothing(request: HttpRequest, share: Share, rest: str) -> HttpResponse:
    """Answer for addresses below a link that lead nowhere."""
    return gone(request)


@require_http_methods(["GET", "HEAD", "POST"])
@for_guests
def share(request: HttpRequest, share: Share) -> HttpResponse:
    """Show what the link shares, or let in who enters its password. Raises: Http404."""
    if request.method == "POST":
        return _enter(request, share)
    if not is_admitted(request, share):
        return _ask(request, share)
    if request.method == "GET":
        sharing.count_view(share)
    if share.video_id:
        return _clip_page(request, share, share.video_id)
    return _list_page(request, share)


@require_safe
@for_admitted_guests
def clip(request: HttpRequest, share: Share, pk: int) -> HttpResponse:
    """Show one clip of a list. Raises: Http404."""
    return _clip_page(request, share, pk)


@require_safe
@for_guests
def file(request: HttpRequest, share: Share, path: str) -> HttpResponseBase:
    """Send a file of a clip that the link shows. Raises: Http404."""
    if not is_admitted(request, share) or ("download" in request.GET and not share.may_download):
        raise Http404
    video = clip_of(path, sharing.videos_of(share, at=clock.now()))
    return send(request, video, path, cache=UNCACHED, name=plain_name(video))


@require_POST
@for_admitted_guests
def comment(request: HttpRequest, share: Share, pk: int) -> HttpResponse:
    """Keep a guest's comment. Raises: Http404."""
    if not share.may_comment:
        raise Http404
    at = clock.now()
    video = get_object_or_404(sharing.videos_of(share, at=at), pk=pk)
    asked = request.POST
    parent = None
    if asked.get("parent"):
        parent = get_object_or_404(Comment, share=share, video=video, pk=_number(asked["parent"]))
    try:
        moment = comments.parse_moment(asked.get("at", ""))
        comments.write(
            video, asked.get("text", ""), at=at, guest_name=asked.get("guest_name", ""), share=share,
            at_seconds=moment, parent=parent,
        )  # fmt: skip
    except comments.BadComment as error:
        return _clip_page(request, share, pk, refused=error)
    # A clip's own page, for opening the link again would be counted.
    response = redirect(f"{share.get_absolute_url()}videos/{pk}/#comments")
    _remember(response, share, GUEST, quote(asked["guest_name"]))
    return response


def _enter(request: HttpRequest, share: Share) -> HttpResponse:
    if not share.password:
        return redirect(share)
    answer = sharing.enter(share, request.POST.get("password", ""), at=clock.now())
    if answer is not Answer.RIGHT:
        return _ask(request, share, answer)
    response = redirect(share)
    _remember(response, share, COOKIE, sharing.key_of(share))
    return response


def _remember(response: HttpResponse, share: Share, name: str, value: str) -> None:
    """Let the guest's browser keep something until it is closed, for this link alone."""
    response.set_cookie(
        cookie_name(name), value, path=share.get_absolute_url(), httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def _ask(request: HttpRequest, share: Share, answer: Answer | None = None) -> HttpResponse:
    status = {None: 200, Answer.WRONG: 403, Answer.TOO_MANY: 429}[answer]
    context = {"share": share, "wrong": answer is Answer.WRONG, "too_many": answer is Answer.TOO_MANY}
    response = render(request, "share/password.html", context, status=status)
    if answer is Answer.TOO_MANY:
        response["Retry-After"] = str(round(sharing.PAUSE.total_seconds()))
    return response


def _list_page(request: HttpRequest, share: Share) -> HttpResponse:
    """Show a collection whole, as its own page does, or a page of what a search finds. Raises: Http404."""
    at, prefix = clock.now(), share.get_absolute_url()
    listed, sort = sharing.listed(share, at=at)
    cards = as_cards(listed, sharing.videos_of(share, at=at), AnonymousUser())
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    try:
        found = page(cards, before=before, after=after, sort=sort) if sort else Page(list(cards), None, None)
    except BadCursor as error:
        raise Http404 from error
    context = {
        "share": share,
        "collection": share.collection,
        "clips": [GuestClip.of(video, prefix) for video in found.videos],
        "page": found,
    }
    return render(request, "share/list.html", context)


def _clip_page(
    request: HttpRequest, share: Share, pk: int, *, refused: comments.BadComment | None = None
) -> HttpResponse:
    videos = sharing.videos_of(share, at=clock.now())
    video = get_object_or_404(videos, pk=pk)
    prefix = share.get_absolute_url()
    earlier, later = (None, None) if share.video_id else _neighbours(share, pk)
    takes = videos.filter(shot=video.shot_id).exclude(pk=pk).order_by("created_at", "pk")[:MAX_TAKES]
    context = {
        "share": share,
        "clip": GuestClip.of(video, prefix),
        "earlier": earlier and f"{prefix}videos/{earlier}/",
        "later": later and f"{prefix}videos/{later}/",
        "takes": [GuestClip.of(take, prefix) for take in takes],
        "threads": [GuestComment.of_thread(each) for each in comments.threads(video, share=share)],
        "comments_url": f"{prefix}videos/{pk}/comments/",
        "refused": refused,
        "entered": request.POST,
        "guest_name": request.POST.get("guest_name") or unquote(request.COOKIES.get(cookie_name(GUEST), "")),
        "answered": _number(request.POST.get("parent", "")) if refused else None,  # 0: none, a new comment was refused
        "no_download": not share.may_download,
    }
    return render(request, "share/clip.html", context, status=400 if refused else 200)


def _neighbours(share: Share, pk: int) -> tuple[int | None, int | None]:
    pks = list(sharing.listed(share, at=clock.now())[0].values_list("pk", flat=True)[:MAX_NEIGHBOURS])
    if pk not in pks:
        return None, None
    place = pks.index(pk)
    return (pks[place - 1] if place else None), (pks[place + 1] if place + 1 < len(pks) else None)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
