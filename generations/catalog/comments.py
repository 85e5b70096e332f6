"""What people write about a clip on its page: forms that redirect back, JSON for scripts, and exports."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from generations.catalog.access import for_browsers, visible
from generations.catalog.wrong_addresses import offering
from generations.clock import now
from generations.library import comments, markers
from generations.library.comments import BadComment, MayNotDelete
from generations.library.search import BadSearch, Search
from generations.models import Comment, Person, Video
from generations.reports.export import as_csv

MENTIONS = 100  # the newest that the page of mentions lists
DONE = {
    "resolve": gettext_lazy("Resolved."),
    "reopen": gettext_lazy("Open again."),
    "delete": gettext_lazy("Deleted."),
}


@require_POST
@login_required
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a comment or a reply on a clip. Raises: Http404."""
    video = get_object_or_404(visible(request), pk=pk)
    try:
        comment = _written(request, video)
    except BadComment as error:
        return _refused(request, video, error)
    said = _("Your reply is saved.") if comment.parent_id else _("Your comment is saved.")
    return _done(request, video, said, comment)


@require_POST
@login_required
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Resolve, reopen or delete a comment. Raises: Http404, PermissionDenied."""
    comment = get_object_or_404(Comment.objects.filter(video__in=visible(request)).select_related("video"), pk=pk)
    person = cast(Person, request.user)
    verbs: dict[str, Callable[[], object]] = {
        "resolve": lambda: comments.resolve(comment, at=now(), by=person),
        "reopen": lambda: comments.reopen(comment),
        "delete": lambda: comments.delete(comment, at=now(), by=person),
    }
    if verb not in verbs:
        raise Http404
    try:
        verbs[verb]()
    except MayNotDelete as error:
        if _wants_json(request):
            return JsonResponse({"errors": {"comment": [str(error)]}}, status=HTTPStatus.FORBIDDEN)
        if comment.author_id != person.pk:
            raise PermissionDenied from error
        messages.error(request, str(error))
        return redirect(_page(request, comment.video) + "#comments")
    return _done(request, comment.video, str(DONE[verb]), None if verb == "delete" else comment)


@require_safe
@for_browsers
@login_required
def export(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Send a clip's comments as CSV, or as markers of a timeline. Raises: Http404."""
    video = get_object_or_404(visible(request), pk=pk)
    threads = comments.threads(video)
    if form == "csv":
        text, content_type = "".join(as_csv(markers.table(video, threads))), "text/csv; charset=utf-8"
    elif form == "edl":
        text, content_type = markers.edl(video, threads), "text/plain; charset=utf-8"
    else:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="comments-{video.pk}.{form}"'}
    return HttpResponse(text, content_type=content_type, headers=headers)


@require_safe
@for_browsers
@login_required
@offering()
def mentions(request: HttpRequest) -> HttpResponse:
    """List the comments that mention who asks, on clips that they may still see."""
    own = Comment.objects.filter(mentions=request.user.pk, video__in=visible(request))
    found = own.select_related("video", "author").order_by("-created_at", "-pk")[:MENTIONS]
    return render(request, "catalog/mentions.html", {"comments": found})


def _written(request: HttpRequest, video: Video) -> Comment:
    """Write what the form says. Raises: BadComment."""
    asked, parent = request.POST, None
    if number := asked.get("parent", ""):
        parent = Comment.objects.filter(video=video, pk=int(number)).first() if number.isdecimal() else None
        if parent is None:
            raise BadComment("parent", _("The comment that this answers is gone."))
    return comments.write(
        video,
        asked.get("text", ""),
        at=now(),
        author=cast(Person, request.user),
        at_seconds=comments.parse_moment(asked.get("at", "")),
        parent=parent,
        share=parent.share if parent and asked.get("to_guests") else None,
    )


def _done(request: HttpRequest, video: Video, said: str, comment: Comment | None) -> HttpResponse:
    if not _wants_json(request):
        messages.success(request, said)
        return redirect(_page(request, video) + (f"#comment-{comment.pk}" if comment else "#comments"))
    context = {"video": video, "threads": comments.threads(video), "query": _query(request)}
    html = render_to_string("catalog/_comments.html", context, request=request)
    return JsonResponse({"said": said, "html": html, "id": comment.pk if comment else None})


def _refused(request: HttpRequest, video: Video, error: BadComment) -> HttpResponse:
    """Say what is wrong with a comment; without a script on a page that keeps what was typed."""
    status = HTTPStatus.BAD_REQUEST
    if _wants_json(request):
        return JsonResponse({"errors": {error.field: [error.text]}}, status=status)
    typed = {name: request.POST.get(name, "") for name in ("text", "at", "parent", "query", "to_guests")}
    kept = {name: typed[name] for name in ("parent", "query", "to_guests") if typed[name]}
    context = {"video": video, "error": error, "typed": typed, "kept": kept, "back": _page(request, video)}
    return render(request, "catalog/comment_refused.html", context, status=status)


def _query(request: HttpRequest) -> str:
    """Return the search that the page was opened with, in its canonical form."""
    try:
        return Search.parse(QueryDict(request.POST.get("query", ""))).query_string()
    except BadSearch:
        return ""


def _page(request: HttpRequest, video: Video) -> str:
    query = _query(request)
    return video.get_absolute_url() + (f"?{query}" if query else "")


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
