"""Decide who may see what: the one rule that pages and files share."""

from __future__ import annotations

from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from generations.models import ReferenceImage, Video


def may_browse(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether a person is signed in; CATALOG_PUBLIC has no effect while nothing can be published."""
    return user.is_authenticated


def may_open(user: AbstractBaseUser | AnonymousUser, row: Video | ReferenceImage) -> bool:
    """Return whether a person may open a file: clips and posters when browsing, uploaded images as staff."""
    if isinstance(row, ReferenceImage):
        return may_browse(user) and bool(getattr(user, "is_staff", False))
    return may_browse(user)


for_browsers = user_passes_test(may_browse)
