"""Make links that guests open without an account, list one's own, and end them."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import cast

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations import clock
from generations.catalog.access import visible
from generations.catalog.wrong_addresses import NUMBER, WrongAddress, offering
from generations.library import sharing
from generations.library.naming import collections_of
from generations.library.search import BadSearch, Search
from generations.library.sharing import BadShare, Terms
from generations.models import Collection, Person, Share, Video

SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)
LISTED = 200  # of one's newest links


@require_safe
@login_required
@offering()
def links(request: HttpRequest) -> HttpResponse:
    """List the links that the person made, the newest first."""
    return _list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@permission_required("generations.share_clips", raise_exception=True)
def new_link(request: HttpRequest) -> HttpResponse:
    """Show the form for a link to a clip, a collection or a search, or make the link. Raises: Http404, WrongAddress."""
    asked = request.POST if request.method == "POST" else request.GET
    subject = _subject(request, asked)
    context = {"subject": subject, "asked": asked, "days": asked.get("days", sharing.LIFE_DAYS)}
    if request.method != "POST":
        return render(request, "links/new.html", context)
    try:
        share = sharing.share(subject, _terms(asked), at=clock.now(), by=_person(request))
    except BadShare as error:
        return render(request, "links/new.html", {**context, "refused": error}, status=HTTPStatus.BAD_REQUEST)
    return redirect(f"{reverse('links')}#link-{share.pk}")


@require_POST
@login_required
def revoke_link(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the person's links. Raises: Http404."""
    sharing.revoke(_own(request, pk), at=clock.now(), by=_person(request))
    return redirect("links")


@require_POST
@login_required
def change_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one of the person's links another password, or none. Raises: Http404."""
    share = _own(request, pk)
    try:
        sharing.set_password(share, request.POST.get("password", ""), at=clock.now(), by=_person(request))
    except BadShare as error:
        return _list(request, refused=error, at=share)
    return redirect(f"{reverse('links')}#link-{share.pk}")


def _list(request: HttpRequest, *, refused: BadShare | None = None, at: Share | None = None) -> HttpResponse:
    now = clock.now()
    own = Share.objects.filter(created_by=_person(request)).select_related("video", "collection")
    rows = [
        (
            share,
            share.is_open(at=now),
            request.build_absolute_uri(share.get_absolute_url()),
            request.build_absolute_uri(reverse("embed", args=[share.token])),
        )
        for share in own[:LISTED]
    ]
    context = {"rows": rows, "refused": refused, "refused_at": at}
    return render(request, "links/links.html", context, status=HTTPStatus.BAD_REQUEST if refused else HTTPStatus.OK)


def _own(request: HttpRequest, pk: int) -> Share:
    return get_object_or_404(Share, pk=pk, created_by=_person(request))


def _person(request: HttpRequest) -> Person:
    """Return who is signed in: `login_required` lets nobody else in."""
    return cast(Person, request.user)


def _subject(request: HttpRequest, asked: QueryDict) -> Video | Collection | Search:
    """Return what is to be shared, if the person may see it. Raises: Http404, WrongAddress."""
    if number := asked.get("video", ""):
        if not NUMBER.fullmatch(number):
            raise WrongAddress("video")
        return get_object_or_404(visible(request), pk=int(number))
    if slug := asked.get("collection", ""):
        if not SLUG.fullmatch(slug):
            raise WrongAddress("collection")
        return get_object_or_404(collections_of(_person(request)), slug=slug)
    try:
        search = Search.parse(QueryDict(asked.get("search", "")))
        search.ids(_person(request), visible(request))
    except BadSearch as error:
        raise WrongAddress(error.field) from error
    return search


def _terms(asked: QueryDict) -> Terms:
    """Read a link's terms; no number of days means until it is revoked. Raises: BadShare."""
    days = asked.get("days", "").strip()
    if days and not NUMBER.fullmatch(days):
        raise BadShare("days", _("Write the days as a number."))
    return Terms(
        days=int(days) if days else None,
        password=asked.get("password", ""),
        may_download="may_download" in asked,
        may_comment="may_comment" in asked,
    )
