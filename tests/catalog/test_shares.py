"""What guests of a link see in a browser that is not signed in, and what they do not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client

from generations import clock
from generations.library import comments, sharing
from generations.library.search import Search
from generations.library.sharing import Terms
from generations.models import Collection, CollectionItem, Comment, Share, Shot, Video
from tests.catalog.conftest import body, text, with_poster
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db
INTERNAL = ("the secret words", "Autumn", "mira", "$0.30", "APIXO", "Kling", "/admin/", '"/videos/', 'href="/"')


@pytest.fixture
def mira() -> User:
    return User.objects.create(username="mira")


@pytest.fixture
def video() -> Video:
    task = a_task("stored", campaign=a_campaign(), prompt_text="the secret words")  # type: ignore[arg-type]
    return with_poster(a_video(task, title="A fox in snow"))


def link(mira: User, subject: Any, **terms: Any) -> Share:
    return sharing.share(subject, Terms(**terms), at=clock.now(), by=mira)


def a_collection(*videos: Video) -> Collection:
    collection = Collection.objects.create(name="The reel", slug="reel", created_at=NOW)
    for place, each in enumerate(videos):
        CollectionItem.objects.create(collection=collection, video=each, position=place)
    return collection


def inside(page: str, share: Share) -> str:
    """The page, without the addresses that are below the link's own."""
    return page.replace(share.get_absolute_url(), "(here)")


def test_a_clip_is_shown_with_its_files_and_nothing_internal(client: Client, mira: User, video: Video) -> None:
    share = link(mira, video)
    comments.write(video, "internal talk", at=NOW, author=mira)
    response = client.get(share.get_absolute_url())
    assert "A fox in snow" in text(response)
    page = inside(response.content.decode(), share)
    assert not [word for word in (*INTERNAL, "internal talk") if word in page]
    for path in (video.file, video.poster, video.poster_small):
        assert client.get(f"{share.get_absolute_url()}media/{path}").status_code == 200
    assert client.get(video.url).status_code == 404


def test_guests_are_told_nothing_to_keep_to_list_or_to_pass_on(client: Client, mira: User, video: Video) -> None:
    share = link(mira, video)
    here = share.get_absolute_url()
    for path in (here, f"{here}videos/{video.pk}/", f"{here}media/{video.file}", f"{here}nothing", "/s/unknown/"):
        response = client.get(path)
        assert response["Cache-Control"] == "private, no-store", path
        assert response["Referrer-Policy"] == "no-referrer", path
        assert response["X-Robots-Tag"] == "noindex, nofollow", path
        assert "Cookie" not in response.get("Vary", ""), path
    assert '<meta name="robots" content="noindex, nofollow">' in client.get(here).content.decode()


def test_links_that_ended_and_links_that_never_were_are_the_same_page(client: Client, mira: User, video: Video) -> None:
    revoked, expired = link(mira, video), link(mira, video)
    sharing.revoke(revoked, at=clock.now())
    Share.objects.filter(pk=expired.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    pages = set()
    for token in (revoked.token, expired.token, "never-was", "no%00token"):
        for below in ("", f"videos/{video.pk}/", f"media/{video.file}", "admin/"):
            response = client.get(f"/s/{token}/{below}")
            pages.add((response.status_code, response.content))
    assert len(pages) == 1
    assert pages.pop()[0] == 404


def test_a_collection_is_shown_in_its_order_and_each_clip_knows_its_neighbours(
    client: Client, mira: User, video: Video
) -> None:
    others = [a_video(title="Second"), a_video(title="Third")]
    share = link(mira, a_collection(video, *others))
    here = share.get_absolute_url()
    page = client.get(here).content.decode()
    assert page.index("A fox in snow") < page.index("Second") < page.index("Third")
    assert "The reel" in page
    second = client.get(f"{here}videos/{others[0].pk}/").content.decode()
    assert f'rel="prev" href="{here}videos/{video.pk}/"' in second
    assert f'rel="next" href="{here}videos/{others[1].pk}/"' in second


def test_what_is_not_shared_is_not_below_the_link(client: Client, mira: User, video: Video) -> None:
    other = with_poster(a_video(title="Another"))
    here = link(mira, a_collection(video)).get_absolute_url()
    for path in (f"videos/{other.pk}/", f"media/{other.file}", f"media/{other.poster}", "videos/999/", "media/../x"):
        assert client.get(here + path).status_code == 404
    assert client.post(f"{here}videos/{video.pk}/comments/", {"text": "x", "guest_name": "y"}).status_code == 404


def test_a_search_shows_what_matches_when_it_is_opened(client: Client, mira: User, video: Video) -> None:
    share = link(mira, Search.parse(QueryDict("q=fox")))
    assert "A fox in snow" in text(client.get(share.get_absolute_url()))
    a_video(title="Another fox")
    assert "Another fox" in text(client.get(share.get_absolute_url()))
    Video.objects.update(words="hare")
    assert "No clips here now" in text(client.get(share.get_absolute_url()))


def test_a_long_search_has_pages_by_key_and_a_collection_stands_whole(client: Client, mira: User) -> None:
    clips = [a_video(title=f"Clip {n:02}", created_at=NOW + timedelta(minutes=n)) for n in range(30)]
    share = link(mira, Search.parse(QueryDict("sort=rating")))
    first = client.get(share.get_absolute_url()).content.decode()
    assert ("Clip 29" in first, "Clip 05" in first) == (True, False)
    (older,) = re.findall(r'rel="next" href="(\?before=[^"]+)"', first)
    a_video(title="Later", rating=5)  # new clips shift no page
    second = client.get(share.get_absolute_url() + older).content.decode()
    assert ("Clip 06" in second, "Clip 05" in second, "Clip 00" in second) == (False, True, True)
    assert 'rel="prev" href="?after=' in second
    assert client.get(share.get_absolute_url(), {"before": "x"}).status_code == 404
    whole = client.get(link(mira, a_collection(*clips)).get_absolute_url()).content.decode()
    assert whole.count('<li class="card') == 30
    assert "pager" not in whole


def test_the_takes_of_a_shot_stand_behind_one_card_which_leads_to_them(client: Client, mira: User) -> None:
    shot = Shot.objects.create()
    old, new = (a_video(a_task("stored", shot=shot), title=name) for name in ("Old", "New"))  # type: ignore[arg-type]
    Video.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=1))
    here = link(mira, Search.parse(QueryDict(""))).get_absolute_url()
    page = client.get(here).content.decode()
    assert page.count('<li class="card') == 1
    assert f'href="{here}videos/{new.pk}/#takes">2 takes<' in page
    assert f'href="{here}videos/{old.pk}/"' in client.get(f"{here}videos/{new.pk}/").content.decode()


def test_a_download_is_sent_only_where_the_link_allows_it(client: Client, mira: User, video: Video) -> None:
    plain, generous = link(mira, video), link(mira, video, may_download=True)
    path = f"media/{video.file}?download=1"
    assert client.get(plain.get_absolute_url() + path).status_code == 404
    assert "Download" not in text(client.get(plain.get_absolute_url()))
    response = client.get(generous.get_absolute_url() + path)
    assert response["Content-Disposition"] == f'attachment; filename="a-fox-in-snow_{video.pk}.mp4"'
    assert body(response)
    assert "Download" in text(client.get(generous.get_absolute_url()))


def test_openings_are_counted_and_not_what_machines_ask_beforehand(client: Client, mira: User, video: Video) -> None:
    share = link(mira, video)
    client.head(share.get_absolute_url())
    client.get(share.get_absolute_url())
    client.get(f"{share.get_absolute_url()}media/{video.file}")
    share.refresh_from_db()
    assert share.views == 1


# --- Passwords


def test_a_password_is_asked_for_before_anything_is_shown(client: Client, mira: User, video: Video) -> None:
    share = link(mira, a_collection(video), password="open sesame")
    here = share.get_absolute_url()
    for path in (here, f"{here}videos/{video.pk}/"):
        page = client.get(path).content.decode()
        assert "Enter the password" in page
        assert not [word for word in ("fox", "The reel", "mira") if word in page]
    assert client.get(f"{here}media/{video.file}").status_code == 404
    assert client.post(here, {"password": "wrong"}).status_code == 403
    response = client.post(here, {"password": "open sesame"})
    assert response["Location"] == here
    cookie = response.cookies["share"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (here, True, "Lax")
    assert "The reel" in text(client.get(here))
    assert client.get(f"{here}media/{video.file}").status_code == 200


def test_who_entered_a_password_is_out_when_it_changes_or_the_link_ends(
    client: Client, mira: User, video: Video
) -> None:
    share = link(mira, video, password="open sesame")
    here = share.get_absolute_url()
    client.post(here, {"password": "open sesame"})
    sharing.set_password(share, "another one", at=clock.now(), by=mira)
    assert "Enter the password" in text(client.get(here))
    client.post(here, {"password": "another one"})
    assert "A fox in snow" in text(client.get(here))
    sharing.revoke(share, at=clock.now())
    assert client.get(here).status_code == 404


def test_too_many_wrong_passwords_are_answered_in_clear_words(client: Client, mira: User, video: Video) -> None:
    here = link(mira, video, password="open sesame").get_absolute_url()
    for _ in range(10):
        assert client.post(here, {"password": "wrong"}).status_code == 403
    response = client.post(here, {"password": "open sesame"})
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert "Too many tries. Wait a minute" in text(response)
    assert "share" not in response.cookies


# --- Comments


def test_guests_read_the_comments_of_their_link_and_no_others(client: Client, mira: User, video: Video) -> None:
    ours, theirs = (link(mira, video, may_comment=True) for _ in range(2))
    comments.write(video, "from the other link", at=NOW, guest_name="Ben", share=theirs)
    comments.write(video, "internal talk", at=NOW, author=mira)
    sent = {"guest_name": "Ada", "text": "Can the fox look left?", "at": "0:03.12"}
    response = client.post(f"{ours.get_absolute_url()}videos/{video.pk}/comments/", sent)
    assert response["Location"] == f"{ours.get_absolute_url()}videos/{video.pk}/#comments"
    page = text(client.get(ours.get_absolute_url()))
    assert "Ada 0:03.12" in page
    assert "Can the fox look left?" in page
    assert "other link" not in page
    assert "internal talk" not in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"guest_name": "", "text": "Nice"}, "Say who you are."),
        ({"guest_name": "Ada", "text": ""}, "Write something."),
        ({"guest_name": "Ada", "text": "Nice", "at": "99"}, "The clip goes from"),
        ({"guest_name": "Ada", "text": "Nice", "at": "soon"}, "Write the moment in seconds"),
    ],
)
def test_a_comment_that_is_refused_is_not_lost(
    client: Client, mira: User, video: Video, sent: dict[str, str], words: str
) -> None:
    share = link(mira, video, may_comment=True)
    response = client.post(f"{share.get_absolute_url()}videos/{video.pk}/comments/", sent)
    assert response.status_code == 400
    assert words in text(response)
    assert sent["text"] in response.content.decode()
    assert not Comment.objects.exists()


def test_a_guest_replies_and_need_not_say_their_name_again(client: Client, mira: User, video: Video) -> None:
    share = link(mira, video, may_comment=True)
    here = f"{share.get_absolute_url()}videos/{video.pk}/"
    asked = comments.write(video, "Can it look left?", at=NOW, author=mira, share=share)
    sent = {"guest_name": "Zoë", "text": "Please!", "parent": str(asked.pk)}
    cookie = client.post(f"{here}comments/", sent).cookies["guest"]
    assert (cookie["path"], cookie["httponly"]) == (share.get_absolute_url(), True)
    assert Comment.objects.get(parent=asked).text == "Please!"
    page = client.get(here).content.decode()
    assert page.count('value="Zoë"') == 2  # in the form of a comment, and in that of an answer
    refused = client.post(f"{here}comments/", {**sent, "text": " "}).content.decode()
    assert "Write something." in refused
    assert refused.count("<details open") == 1


def test_a_link_takes_only_so_many_comments(client: Client, mira: User, video: Video, monkeypatch: Any) -> None:
    share = link(mira, video, may_comment=True)
    address, sent = f"{share.get_absolute_url()}videos/{video.pk}/comments/", {"guest_name": "Ada", "text": "Nice"}
    monkeypatch.setattr(comments, "MAX_A_MINUTE", 2)
    assert [client.post(address, sent).status_code for _ in range(3)] == [302, 302, 400]
    assert "Wait a minute" in text(client.post(address, sent))
    Comment.objects.update(created_at=clock.now() - timedelta(minutes=1))
    assert client.post(address, sent).status_code == 302
    monkeypatch.setattr(comments, "MAX_OF_LINK", 3)
    assert "takes no more" in text(client.post(address, sent))
    assert Comment.objects.count() == 3


def test_a_comment_answers_only_comments_of_its_link(client: Client, mira: User, video: Video) -> None:
    share = link(mira, video, may_comment=True)
    internal = comments.write(video, "internal talk", at=NOW, author=mira)
    sent = {"guest_name": "Ada", "text": "Nice", "parent": str(internal.pk)}
    response = client.post(f"{share.get_absolute_url()}videos/{video.pk}/comments/", sent)
    assert response.status_code == 404
    assert Comment.objects.count() == 1


def test_an_answer_for_guests_is_from_the_team_and_not_from_a_person(client: Client, mira: User, video: Video) -> None:
    share = link(mira, video, may_comment=True)
    asked = comments.write(video, "Can it look left?", at=NOW, guest_name="Ada", share=share)
    comments.write(video, "It can.", at=NOW, author=mira, share=share, parent=asked)
    page = client.get(share.get_absolute_url())
    assert "It can." in text(page)
    assert "The team" in text(page)
    assert "mira" not in page.content.decode()
