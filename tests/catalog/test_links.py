"""People make links from the pages of what they share, list them, and end them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from generations.library import sharing
from generations.library.sharing import Terms
from generations.models import Collection, CollectionItem, Share, Video
from tests.catalog.conftest import text
from tests.factories import NOW, a_campaign, a_task, a_video


@pytest.fixture
def sharer(visitor: Client, person: User) -> Client:
    """A browser of someone who may share."""
    person.user_permissions.add(Permission.objects.get(codename="share_clips"))
    return visitor


def test_a_clip_is_shared_by_the_form_that_its_page_leads_to(sharer: Client, person: User) -> None:
    video = a_video()
    form = f"/links/new/?video={video.pk}"
    assert f'href="{form}"' in sharer.get(video.get_absolute_url()).content.decode()
    assert "A lighthouse at dawn" in text(sharer.get(form))
    sent = {"video": video.pk, "days": "7", "password": "open sesame", "may_comment": "on"}
    response = sharer.post("/links/new/", sent)
    share = Share.objects.get()
    assert response["Location"] == f"/links/#link-{share.pk}"
    assert (share.video, share.created_by, share.may_comment, share.may_download) == (video, person, True, False)
    assert (share.expires_at - share.created_at).days == 7  # type: ignore[operator]
    page = text(sharer.get("/links/"))
    assert f"http://testserver/s/{share.token}/" in page
    assert "Password: yes. Downloads: no. Comments: yes." in page


def test_a_search_and_a_collection_are_shared_by_the_same_form(sharer: Client) -> None:
    a_video(title="A fox")
    assert 'href="/links/new/?search=q%3Dfox"' in sharer.get("/?q=fox").content.decode()
    reel = Collection.objects.create(name="Reel", slug="reel", created_at=NOW)
    CollectionItem.objects.create(collection=reel, video=Video.objects.get(), position=0)
    assert 'href="/links/new/?collection=reel"' in sharer.get("/collections/reel/").content.decode()
    for sent in ({"search": "q=fox"}, {"collection": "reel"}):
        assert sharer.get("/links/new/", sent).status_code == 200
        assert sharer.post("/links/new/", {**sent, "days": ""}).status_code == 302
    assert [share.search for share in Share.objects.order_by("pk")] == ["q=fox", ""]
    assert not Share.objects.filter(expires_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"days": "soon"}, "Write the days as a number."),
        ({"days": "0"}, "A link lasts 1 to"),
        ({"password": "short"}, "6 to 128"),
    ],
)
def test_a_form_that_is_wrong_says_so_and_makes_nothing(sharer: Client, sent: dict[str, str], words: str) -> None:
    response = sharer.post("/links/new/", {"video": a_video().pk, **sent})
    assert response.status_code == 400
    assert words in text(response)
    assert not Share.objects.exists()


def test_what_one_may_not_see_cannot_be_shared(sharer: Client) -> None:
    campaign = a_campaign(is_restricted=True)
    hidden = a_video(a_task(campaign=campaign))
    Collection.objects.create(name="Closed", slug="closed", is_restricted=True, created_at=NOW)
    wrong: list[dict[str, Any]] = [
        {"video": hidden.pk}, {"video": "9" * 18}, {"collection": "closed"}, {"video": "x"}, {"collection": "a\0"},
        {"search": "campaign=autumn"}, {"search": "sort=sideways"},
    ]  # fmt: skip
    for asked in wrong:
        for answer in (sharer.get("/links/new/", asked), sharer.post("/links/new/", asked)):
            assert answer.status_code == (404 if asked in wrong[:3] else 400), asked
    assert not Share.objects.exists()


def test_without_the_permission_there_is_no_button_and_no_form(visitor: Client) -> None:
    video = a_video()
    assert "/links/new/" not in visitor.get(video.get_absolute_url()).content.decode()
    assert visitor.get(f"/links/new/?video={video.pk}").status_code == 403
    assert visitor.post("/links/new/", {"video": video.pk}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/links/", "/links/new/?video=1"])
def test_who_is_not_signed_in_has_no_links(client: Client, path: str) -> None:
    assert client.get(path)["Location"].startswith("/login/")


def test_a_link_is_revoked_by_its_creator_alone(visitor: Client, person: User, staff: User) -> None:
    own, other = (sharing.share(a_video(), Terms(days=None), at=NOW, by=by) for by in (person, staff))
    assert visitor.post(f"/links/{other.pk}/revoke/").status_code == 404
    assert visitor.post(f"/links/{own.pk}/revoke/")["Location"] == "/links/"
    assert "Revoked" in text(visitor.get("/links/"))
    assert list(Share.objects.filter(revoked_at=None)) == [other]
    assert other.token not in visitor.get("/links/").content.decode()


def test_a_password_is_changed_by_its_creator_alone(visitor: Client, person: User, staff: User) -> None:
    own, other = (sharing.share(a_video(), Terms(days=None), at=NOW, by=by) for by in (person, staff))
    assert visitor.post(f"/links/{other.pk}/password/", {"password": "open sesame"}).status_code == 404
    refused = visitor.post(f"/links/{own.pk}/password/", {"password": "short"})
    assert (refused.status_code, "6 to 128 characters" in text(refused)) == (400, True)
    visitor.post(f"/links/{own.pk}/password/", {"password": "open sesame"})
    assert [bool(share.password) for share in Share.objects.order_by("pk")] == [True, False]
