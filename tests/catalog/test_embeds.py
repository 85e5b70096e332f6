"""One clip in a frame of another site: what may be shown there, and that only this page may be framed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations import clock
from generations.library import sharing
from generations.library.sharing import Terms
from generations.models import Collection, Share
from tests.catalog.conftest import published, text, with_poster
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira() -> User:
    return User.objects.create(username="mira")


def link(mira: User, subject: Any, **terms: Any) -> Share:
    return sharing.share(subject, Terms(**terms), at=clock.now(), by=mira)


def test_a_shared_clip_is_embedded_with_files_of_its_link_and_its_label(client: Client, mira: User) -> None:
    video = with_poster(a_video(title="A fox", is_labelled=True))
    share = link(mira, video)
    response = client.get(f"/embed/{share.token}/")
    page = response.content.decode()
    assert f'src="{share.get_absolute_url()}media/{video.file}"' in page
    assert "AI-generated" in text(response)
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    share.refresh_from_db()
    assert share.views == 1


def test_only_embedded_pages_may_be_framed_by_other_sites(client: Client, mira: User) -> None:
    share = link(mira, a_video())
    embedded, shared = client.get(f"/embed/{share.token}/"), client.get(share.get_absolute_url())
    assert "frame-ancestors *" in embedded["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded
    for page in (shared, client.get("/login/"), client.get("/s/unknown/")):
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
        assert page["X-Frame-Options"] == "DENY"


def test_a_published_clip_is_embedded_by_its_number_where_the_catalog_is_public(client: Client, settings: Any) -> None:
    shown, hidden = published(title="A fox"), a_video()
    assert client.get(f"/embed/{shown.pk}/").status_code == 404
    settings.CATALOG_PUBLIC = True
    assert f'src="{shown.url}"' in client.get(f"/embed/{shown.pk}/").content.decode()
    for token in (str(hidden.pk), "999", "9" * 40, "unknown"):
        assert client.get(f"/embed/{token}/").status_code == 404


def test_what_needs_a_password_or_is_a_list_is_not_embedded(client: Client, mira: User) -> None:
    collection = Collection.objects.create(name="Reel", slug="reel", created_at=NOW)
    ended = link(mira, a_video())
    sharing.revoke(ended, at=clock.now())
    for share in (link(mira, a_video(), password="open sesame"), link(mira, collection), ended):
        assert client.get(f"/embed/{share.token}/").status_code == 404
