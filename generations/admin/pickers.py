"""Pages from which a picture of the Generate page is chosen: the newest first, found by words, one page at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from generations.admin import display, pictures
from generations.admin.pictures import Draft
from generations.admin.task_actions import may_order
from generations.catalog.wrong_addresses import number_named
from generations.folding import fold
from generations.models import GenerationTask, ReferenceImage
from generations.models.videos import VideoQuerySet

PAGE = 24
# By what is chosen, and the field that it is for.
TITLES = {
    ("picture", "start_image"): _("Choose an earlier picture for the start image"),
    ("picture", "end_image"): _("Choose an earlier picture for the end image"),
    ("clip", "start_image"): _("Choose a clip for the start image"),
    ("clip", "end_image"): _("Choose a clip for the end image"),
}
Row = TypeVar("Row", bound=Model)


@require_safe
def images(request: HttpRequest) -> HttpResponse:
    """List the stored pictures, of which one is chosen for a form. Raises: PermissionDenied."""
    found = ReferenceImage.objects.all()
    if words := request.GET.get("q", "").strip():
        of_prompts = GenerationTask.objects.filter(
            Q(start_image=OuterRef("pk")) | Q(end_image=OuterRef("pk")), prompt_text__icontains=words
        )
        found = found.filter(Q(original_name__icontains=words) | Exists(of_prompts))
    return show(request, found, _image_card, "picture")


def with_words(videos: VideoQuerySet, words: str) -> VideoQuerySet:
    """Select clips whose title, prompt, tags or description have all of these words."""
    for word in fold(words).split():
        videos = videos.filter(words__contains=word)
    return videos


def show(
    request: HttpRequest, rows: QuerySet[Row], card: Callable[[Draft, Row], dict[str, Any]], what: str
) -> HttpResponse:
    """Show a page of rows to choose from; a form that is gone leads back to the prompts.

    Raises: PermissionDenied, WrongAddress.
    """
    if not may_order(request):
        raise PermissionDenied
    draft = pictures.draft_of(request)
    if draft is None:
        messages.warning(request, gettext("The form that this picture was for is gone. Open Generate again."))
        return redirect("admin:generations_prompt_changelist")
    before, words = number_named(request, "before"), request.GET.get("q", "")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    older = (
        urlencode({"draft": draft.key, "for": draft.field, "q": words, "before": found[PAGE - 1].pk})
        if len(found) > PAGE
        else ""
    )
    context = {
        **admin.site.each_context(request),
        "title": TITLES[what, draft.field],
        "draft": draft, "what": what, "q": words, "older": older, "is_first": before is None,
        "cards": [card(draft, row) for row in found[:PAGE]],
    }  # fmt: skip
    return render(request, "admin/generations/pick.html", context)


def _image_card(draft: Draft, image: ReferenceImage) -> dict[str, Any]:
    return {
        "url": draft.with_image(image), "poster": display.poster(image.file.url), "name": str(image),
        "facts": f"{image.width} × {image.height}",
    }  # fmt: skip
