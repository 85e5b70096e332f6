"""Roles, addresses and clips, all with all: who may not see a clip learns nothing of it, however it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from generations import clock
from generations.library import sharing
from generations.library.search import Search
from generations.library.sharing import Terms
from generations.models import Campaign, Collection, CollectionItem, SavedSearch, Share, Video
from tests.catalog.conftest import body, published, with_poster
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db
ASKED: list[tuple[str, dict[str, str]]] = [
    ("get", {}),
    ("head", {}),
    ("get", {"range": "bytes=0-3"}),
    ("head", {"range": "bytes=0-3"}),
    ("get", {"range": "bytes=9999-"}),
    ("get", {"if-none-match": "*"}),
    ("get", {"if-modified-since": "Sat, 01 Jan 2050 00:00:00 GMT"}),
    ("get", {"if-match": '"guessed"'}),
]
TELLING = ("ETag", "Last-Modified", "Content-Range", "Content-Disposition", "Accept-Ranges", "X-Accel-Redirect")


@dataclass
class Scene:
    """Clips of every kind, and the people who may see them."""

    clips: dict[str, Video]
    campaign: Campaign
    collection: Collection
    people: dict[str, User]


@pytest.fixture
def scene() -> Scene:
    people = {
        name: User.objects.create(username=name, is_staff=name == "staff") for name in ("other", "named", "staff")
    }
    campaign = a_campaign("Secret campaign", is_restricted=True)
    campaign.people.add(people["named"])

    def secret(name: str) -> dict[str, Any]:
        return {"title": f"Title of {name}", "content": f"bytes of {name}".encode()}

    clips = {
        "open": a_video(**secret("open")),
        "closed": a_video(a_task(campaign=campaign, prompt_text="secret words"), **secret("closed")),
        "published": published(**secret("published")),
        "collected": a_video(**secret("collected")),
    }
    for video in clips.values():
        with_poster(video, f"poster of {video.title}".encode())
    collection = Collection.objects.create(name="Secret reel", slug="secret-reel", is_restricted=True, created_at=NOW)
    CollectionItem.objects.create(collection=collection, video=clips["collected"], position=0)
    return Scene(clips, campaign, collection, people)


def addresses(video: Video) -> list[str]:
    return [video.get_absolute_url(), video.url, video.url + "?download=1", video.poster_url, video.small_poster_url]


def assert_nothing_is_told(response: Any, video: Video, *, of: str) -> None:
    assert response.status_code in (404, 302), of
    assert response.get("Location", "/login/").startswith("/login/"), of
    said = body(response).decode(errors="replace")
    name = video.title.removeprefix("Title of ")
    assert not [word for word in (video.title, f"bytes of {name}", video.sha256) if word in said], of
    assert not [header for header in TELLING if header in response], of


def sign_in(client: Client, scene: Scene, role: str) -> None:
    if role in scene.people:
        client.force_login(scene.people[role])


SEEN = {
    "visitor": set(),
    "visitor of a public catalog": {"published"},
    "other": {"open", "published", "collected"},
    "named": {"open", "published", "collected", "closed"},
    "staff": {"open", "published", "collected", "closed"},
}


@pytest.mark.parametrize("role", SEEN)
def test_clips_and_files_are_for_those_who_may_see_them(client: Client, scene: Scene, settings: Any, role: str) -> None:
    settings.CATALOG_PUBLIC = role == "visitor of a public catalog"
    sign_in(client, scene, role)
    for name, video in scene.clips.items():
        for path in addresses(video):
            for method, headers in ASKED:
                response = getattr(client, method)(path, headers=headers)
                if name in SEEN[role]:
                    assert response.status_code in (200, 206, 304, 412, 416), (name, path, method, headers)
                else:
                    assert_nothing_is_told(response, video, of=f"{role} {method} {path} {headers}")


@pytest.mark.parametrize("role", SEEN)
def test_lists_name_only_what_one_may_see(client: Client, scene: Scene, settings: Any, role: str) -> None:
    settings.CATALOG_PUBLIC = role == "visitor of a public catalog"
    sign_in(client, scene, role)
    searches = ["", "q=title", "q=secret", "campaign=secret-campaign", "collection=secret-reel", "sort=rating"]
    pages = [f"/?{search}" for search in searches] + [video.get_absolute_url() for video in scene.clips.values()]
    pages += ["/feeds/published.atom", "/collections/", "/collections/secret-reel/", "/links/"]
    said = "".join(body(client.get(page)).decode() for page in pages)
    hidden = {name for name in scene.clips if scene.clips[name].title not in said.replace("q=title", "")}
    assert hidden == set(scene.clips) - SEEN[role]
    if "closed" not in SEEN[role]:
        assert "Secret campaign" not in said
        assert "secret words" not in said
    if role != "staff":
        assert "Secret reel" not in said


def pages_of_a_clip() -> list[str]:
    """The addresses that begin with a clip's or a shot's number, from the site's own list."""
    patterns = [each for include in get_resolver().url_patterns for each in getattr(include, "url_patterns", [])]
    routes = [str(each.pattern) for each in patterns if isinstance(each, URLPattern)]
    return [route for route in routes if route.startswith(("videos/<int:pk>/", "shots/<int:pk>/"))]


@pytest.mark.parametrize("role", ["visitor of a public catalog", "other"])
def test_a_hidden_clip_answers_everywhere_like_one_that_does_not_exist(
    client: Client, scene: Scene, settings: Any, role: str
) -> None:
    settings.CATALOG_PUBLIC = role == "visitor of a public catalog"
    sign_in(client, scene, role)
    assert len(pages_of_a_clip()) > 2
    hidden = scene.clips["closed"]
    for route in pages_of_a_clip():
        number = hidden.shot_id if route.startswith("shots/") else hidden.pk
        paths = [f"/{route.split('<int:pk>')[0]}{pk}/{route.split('<int:pk>/')[1]}" for pk in (number, 987654)]
        if "<" in paths[0]:
            continue  # what is below a comment or a frame of a clip
        for method in ("get", "post"):
            statuses = [getattr(client, method)(path).status_code for path in paths]
            assert statuses[0] == statuses[1], (method, route)
            assert statuses[0] in (302, 403, 404, 405), (method, route)
    hidden.refresh_from_db()
    assert (hidden.rating, hidden.review, hidden.published_at) == (0, "", None)


# --- Guests of links


def share(scene: Scene, subject: Any, by: str = "staff", **terms: Any) -> Share:
    return sharing.share(subject, Terms(**terms), at=clock.now(), by=scene.people[by])


def below(link: Share, video: Video) -> list[str]:
    here = link.get_absolute_url()
    names = (video.file, video.poster, video.poster_small)
    return [f"{here}videos/{video.pk}/", *(f"{here}media/{name}" for name in names)]


def ended(link: Share, how: str) -> None:
    if how == "revoked":
        sharing.revoke(link, at=clock.now())
    elif how == "expired":
        Share.objects.filter(pk=link.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    elif how == "of a closed account":
        User.objects.filter(pk=link.created_by_id).update(is_active=False)


@pytest.mark.parametrize("how", ["open", "entered", "not entered", "revoked", "expired", "of a closed account"])
@pytest.mark.parametrize("kind", ["clip", "collection", "search"])
def test_a_link_opens_what_it_is_of_while_it_lasts(client: Client, scene: Scene, how: str, kind: str) -> None:
    shared = scene.clips["collected"]
    subject = {"clip": shared, "collection": scene.collection, "search": Search.parse(QueryDict("q=collected"))}[kind]
    link = share(scene, subject, password="open sesame" if "entered" in how else "")
    if how == "entered":
        client.post(link.get_absolute_url(), {"password": "open sesame"})
    ended(link, how)
    works = how in ("open", "entered")
    for path in below(link, shared):
        for method, headers in ASKED:
            response = getattr(client, method)(path, headers=headers)
            if works:
                assert response.status_code in (200, 206, 304, 412, 416), (path, method, headers)
            elif how == "not entered" and "/media/" not in path:
                assert response.status_code == 200
                assert shared.title not in body(response).decode()
            else:
                assert_nothing_is_told(response, shared, of=f"{how} {method} {path} {headers}")
    for name, video in scene.clips.items():
        if name != "collected":
            for path in (*below(link, video), *addresses(video)):
                response = client.get(path)
                if how == "not entered" and path.startswith("/s/") and "/media/" not in path:
                    assert video.title not in body(response).decode()
                else:
                    assert_nothing_is_told(response, video, of=f"{how} {path}")


def test_a_link_shows_no_more_than_its_creator_may_see_now(client: Client, scene: Scene) -> None:
    link = share(scene, scene.clips["closed"], by="named")
    assert client.get(link.get_absolute_url()).status_code == 200
    scene.campaign.people.clear()
    for path in (link.get_absolute_url(), *below(link, scene.clips["closed"]), f"/embed/{link.token}/"):
        assert_nothing_is_told(client.get(path), scene.clips["closed"], of=path)


def test_the_key_of_one_link_opens_no_other(client: Client, scene: Scene) -> None:
    links = [share(scene, scene.clips[name], password="open sesame") for name in ("open", "collected")]
    client.post(links[0].get_absolute_url(), {"password": "open sesame"})
    client.cookies["share"]["path"] = "/"  # a browser that sends it everywhere
    assert client.get(below(links[0], scene.clips["open"])[1]).status_code == 200
    assert client.get(below(links[1], scene.clips["collected"])[1]).status_code == 404


def test_feeds_and_frames_give_only_what_they_are_of(client: Client, scene: Scene) -> None:
    saved = SavedSearch.objects.create(person=scene.people["other"], name="All", search="", created_at=NOW)
    link = share(scene, scene.clips["open"])
    seen = client.get(f"/feeds/{saved.token}.atom").content.decode()
    assert {name for name, video in scene.clips.items() if video.title in seen} == SEEN["other"]
    for method, headers in ASKED:
        path = f"/feeds/{saved.token}/media/{scene.clips['closed'].file}"
        assert_nothing_is_told(getattr(client, method)(path, headers=headers), scene.clips["closed"], of=path)
    for token in (str(scene.clips["closed"].pk), str(scene.clips["open"].pk), saved.token):
        assert client.get(f"/embed/{token}/").status_code == 404
    assert client.get(f"/feeds/{link.token}.atom").status_code == 404
    assert client.get(f"/s/{saved.token}/").status_code == 404


def test_who_ordered_a_clip_is_not_found_out_by_searching_for_each_name(client: Client) -> None:
    """The permission to see orders is lost: no address that still names a person finds their clips, nor says a name."""
    guesser, bela = User.objects.create(username="guesser", is_staff=True), User.objects.create(username="bela")
    guesser.user_permissions.set(Permission.objects.filter(codename__in=["share_clips", "view_video"]))
    video = a_video(a_task(ordered_by=bela), title="Title of open", content=b"bytes of open")
    link = sharing.share(Search.parse(QueryDict("person=bela")), Terms(), at=clock.now(), by=guesser)
    saved = SavedSearch.objects.create(person=guesser, name="All", search="person=bela", created_at=NOW)
    client.force_login(guesser)
    for path in ("/?person=bela", "/?person=nobody", "/?person=bela&select", "/links/new/?search=person%3Dbela"):
        answer = client.get(path)
        assert (answer.status_code, video.title in body(answer).decode()) == (400, False), path
    for path in (f"/feeds/{saved.token}/media/{video.file}", below(link, video)[1]):
        assert_nothing_is_told(client.get(path), video, of=path)
    for path in (f"/feeds/{saved.token}.atom", link.get_absolute_url(), "/searches/"):
        assert video.title not in client.get(path).content.decode(), path
    assert client.get(reverse("admin:generations_video_changelist"), {"person": "bela"}).status_code == 400
    answer = client.post("/selection/", {"action": "rate", "stars": "3", "all": "1", "search": "person=bela"})
    assert Video.objects.get().rating == 0, answer
    assert client.post("/download/", {"search": "person=bela", "all": "1"}).status_code == 400
