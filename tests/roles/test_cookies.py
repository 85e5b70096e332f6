"""Every cookie that any address sets belongs to this host alone and comes by TLS, where the site has it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generations.library import sharing
from generations.models import Share
from tests.behind_tls import by_tls, made_of, put_behind_tls
from tests.roles.table import PAGES
from tests.roles.visitors import Visitor


@pytest.mark.django_db
def test_every_cookie_belongs_to_this_host_and_to_tls(settings: Any) -> None:
    put_behind_tls(settings)
    visitor, found = Visitor("superuser"), []
    by_tls(visitor.client)
    for route, case in ((route, case) for route, cases in PAGES.items() for case in cases):
        for method in ("get", "post"):
            answer, _written = visitor.send(
                method, visitor.url(route, case), visitor.data(case) if method == "post" else None
            )
            found += [cookie for cookie in answer.cookies.values() if cookie.value]
    person = User.objects.create_user("ada", password="a long enough password")
    stranger, shared = by_tls(Client()), Share.objects.get(token=visitor.rows["share_token"])
    found += stranger.post("/login/", {"username": "ada", "password": "a long enough password"}).cookies.values()
    sharing.set_password(shared, "open sesame", at=timezone.now(), by=shared.created_by)
    guest = {"guest_name": "Ada", "text": "Nice", "password": "open sesame"}
    found += stranger.post(shared.get_absolute_url(), guest).cookies.values()
    clip = f"{shared.get_absolute_url()}videos/{visitor.rows['video']}/"
    found += stranger.post(f"{clip}comments/", guest).cookies.values()
    assert {cookie.key for cookie in found} == {
        "__Host-sessionid", "__Host-csrftoken", "__Host-django_language", "__Host-messages", "__Host-known_browser",
        "__Secure-share", "__Secure-guest",
    }  # fmt: skip
    for cookie in found:
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax"), cookie
        assert (cookie["path"] == "/", cookie["domain"]) == (cookie.key.startswith("__Host-"), ""), cookie
    assert person.pk and stranger.get("/").status_code == 200  # by the session's new name


def test_without_tls_cookies_have_djangos_names() -> None:
    made = made_of("http://127.0.0.1:8000")
    names = [made[f"{each}_COOKIE_NAME"] for each in ("SESSION", "CSRF", "LANGUAGE")]
    assert names == ["sessionid", "csrftoken", "django_language"]
    assert not made["SESSION_COOKIE_SECURE"]
