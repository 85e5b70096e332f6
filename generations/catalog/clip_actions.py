"""What a person may change about one clip: its title and description, and that it stands for its shot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generations.catalog.access import visible
from generations.clock import now
from generations.library import reviewing
from generations.library.comments import clean
from generations.library.search import BadSearch, Search
from generations.models import Person, Video

if TYPE_CHECKING:  # only the stubs' class is generic
    ModelForm = forms.ModelForm[Video]
else:
    ModelForm = forms.ModelForm


class TextsForm(ModelForm):
    """The texts of a clip, all that people write about it."""

    class Meta:
        model = Video
        fields = ["title", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 5, "maxlength": 5000})}

    def clean_title(self) -> str:
        """Return the title on one line. Raises: ValidationError when nothing is left of it."""
        title = " ".join(clean(self.cleaned_data["title"]).split())
        if not title:
            raise forms.ValidationError(_("write something that can be read."))
        return title

    def clean_description(self) -> str:
        return clean(self.cleaned_data["description"])


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a clip's title and description. Raises: Http404, PermissionDenied."""
    video = get_object_or_404(visible(request), pk=pk)
    if not request.user.has_perm("generations.change_video"):
        raise PermissionDenied
    back = video.get_absolute_url() + _query(request)
    form = TextsForm(request.POST or None, instance=Video.objects.get(pk=pk))
    if form.is_valid():
        changes: dict[str, Any] = form.cleaned_data
        Video.objects.filter(pk=pk).update(**changes)
        Video.objects.filter(pk=pk).refresh_words()
        messages.success(request, _("The title and the description are saved."))
        return redirect(back)
    status = 400 if form.is_bound else 200
    return render(request, "catalog/edit_video.html", {"video": video, "form": form, "back": back}, status=status)


@require_POST
@login_required
def choose_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a take stand for its shot. Raises: Http404, PermissionDenied."""
    video = get_object_or_404(visible(request).select_related("task"), pk=pk)
    if not request.user.has_perm("generations.review_clips"):
        raise PermissionDenied
    reviewing.choose(video, at=now(), by=cast(Person, request.user), replace=True)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"chosen": video.pk})
    messages.success(request, _("This take now stands for its shot."))
    return redirect(_safe(request, request.POST.get("next", "")) or video.get_absolute_url())


def _query(request: HttpRequest) -> str:
    try:
        query = Search.parse(request.GET).query_string()
    except BadSearch:
        return ""
    return f"?{query}" if query else ""


def _safe(request: HttpRequest, address: str) -> str:
    """Return an address of this site, else nothing."""
    return address if url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()) else ""
