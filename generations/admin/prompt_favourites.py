"""A person's favourite prompts: the star of the list, its filter, and the toggle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from generations.admin.base import person_of
from generations.library import ratings
from generations.models import Prompt

LIKED = {"1": True, "0": False}


class FavouriteFilter(admin.SimpleListFilter):
    """Filter by the person's own favourites."""

    title = _("favourites")
    parameter_name = "favourites"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", gettext("My favourites"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(favourites__person=person_of(request)) if self.value() == "mine" else queryset


def star(request: HttpRequest) -> Callable[[Any], str]:
    """Return the column of stars for a person's list; each is a button that leads back to the same list."""
    back = request.GET.urlencode()

    @admin.display(description=_("Favourite"), ordering="is_favourite")
    def favourite(prompt: Any) -> str:
        url = reverse("admin:generations_prompt_favourite", args=[prompt.pk])
        return format_html(
            '<button type="submit" class="star" name="liked" value="{}" formaction="{}" formnovalidate '
            'aria-pressed="{}" aria-label="{}">{}</button>',
            int(not prompt.is_favourite), f"{url}?{back}", str(prompt.is_favourite).lower(),
            gettext("Favourite: {prompt}").format(prompt=prompt.name),
            "★" if prompt.is_favourite else "☆",
        )  # fmt: skip

    return favourite


@require_POST
def toggle(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a prompt to the person's favourites or take it out, and go back to the list, whose query the address has."""
    if not admin.site.get_model_admin(Prompt).has_view_permission(request):
        raise PermissionDenied
    prompt, liked = get_object_or_404(Prompt, pk=pk), request.POST.get("liked", "")
    if liked not in LIKED:
        return HttpResponseBadRequest("liked: 1 or 0")
    ratings.set_favourite_prompt(prompt, person_of(request), LIKED[liked])
    return HttpResponseRedirect(f"{reverse('admin:generations_prompt_changelist')}?{request.GET.urlencode()}")
