"""Decide who may see what: the one rule that pages and files share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from generations.models import Person, Video
from generations.models.videos import VideoQuerySet

PUBLIC_SECONDS = 60  # how long others may keep a page or a file of published clips: one may be unpublished
SAFE = ("GET", "HEAD")
View = Callable[..., HttpResponseBase]


def may_browse(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether a person may open the catalog at all: everyone who signs in; all where it is public."""
    return user.is_authenticated or settings.CATALOG_PUBLIC


def viewer(request: HttpRequest) -> Person | AnonymousUser:
    """Return who asks."""
    return request.user


def visible(request: HttpRequest) -> VideoQuerySet:
    """Return the clips that whoever asks may see."""
    return Video.objects.visible_to(viewer(request))


def for_browsers(view: View) -> View:
    """Ask those to sign in who may not browse, or who want to write; say who may keep the page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        stranger = not request.user.is_authenticated
        if not may_browse(request.user) or (stranger and request.method not in SAFE):
            return redirect_to_login(request.get_full_path())
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Cookie"])
        if "Cache-Control" not in response:
            own = response.cookies or request.META.get("CSRF_COOKIE_NEEDS_UPDATE")  # a form's token, or anything else
            if stranger and not own:
                patch_cache_control(response, public=True, max_age=PUBLIC_SECONDS)
            else:
                patch_cache_control(response, private=True, no_cache=True)
        return response

    return guarded
