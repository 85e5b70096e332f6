"""Comments on the page of a clip: with and without a script, by whom, and that nothing written becomes markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.library import comments
from generations.models import Comment, Share, Status, Video
from tests.catalog.conftest import text
from tests.catalog.payloads import XSS
from tests.factories import NOW, a_campaign, a_task, a_video

JSON = {"accept": "application/json"}


@pytest.fixture
def video(db: None) -> Video:
    return a_video(duration_seconds=5.0)


def url(video: Video) -> str:
    return f"/videos/{video.pk}/comments/"


def test_a_comment_at_a_moment_is_written_without_a_script(visitor: Client, person: User, video: Video) -> None:
    fields = {"text": "the tail flickers", "at": "0:03.12", "query": "q=fox&evil=1"}
    response = visitor.post(url(video), fields)
    comment = Comment.objects.get()
    assert (comment.text, comment.at_seconds, comment.author) == ("the tail flickers", 3.12, person)
    assert response["Location"] == f"/videos/{video.pk}/?q=fox#comment-{comment.pk}"
    page = visitor.get(video.get_absolute_url() + "?q=fox")
    assert "At 0:03.12 anna" in text(page)
    assert f'href="/videos/{video.pk}/?q=fox&amp;t=3.12" data-seek="3.12"' in page.content.decode()


def test_a_script_gets_the_new_list(visitor: Client, video: Video) -> None:
    answer = visitor.post(url(video), {"text": "lovely"}, headers=JSON).json()
    assert answer["said"] == "Your comment is saved."
    assert f'id="comment-{answer["id"]}"' in answer["html"]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"text": " "}, "text", "Write something."),
        ({"text": "x" * 2001}, "text", "At most 2,000 characters; this has 2,001."),
        ({"text": "hm", "at": "soon"}, "at", "Write the moment in seconds, such as 3.12 or 0:03.12."),
        ({"text": "hm", "at": "7"}, "at", "The clip goes from 0:00.00 to 0:05.00."),
        ({"text": "hm", "parent": "999"}, "parent", "The comment that this answers is gone."),
        ({"text": "hm", "parent": "x"}, "parent", "The comment that this answers is gone."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    visitor: Client, video: Video, fields: dict[str, str], field: str, words: str
) -> None:
    answer = visitor.post(url(video), fields, headers=JSON)
    assert (answer.status_code, answer.json()) == (400, {"errors": {field: [words]}})
    page = visitor.post(url(video), fields)
    assert page.status_code == 400
    assert words in text(page)
    assert fields["text"] in page.content.decode()
    assert not Comment.objects.exists()


def test_a_thread_is_answered_resolved_and_opened_again(visitor: Client, person: User, video: Video) -> None:
    comment = comments.write(video, "too dark", at=NOW, author=person)
    visitor.post(url(video), {"text": "no", "parent": comment.pk})
    assert comment.replies.get().text == "no"
    visitor.post(f"/comments/{comment.pk}/resolve/")
    assert "Resolved by anna" in text(visitor.get(video.get_absolute_url()))
    visitor.post(f"/comments/{comment.pk}/reopen/")
    assert "Resolved by" not in text(visitor.get(video.get_absolute_url()))


def test_only_ones_own_comment_can_be_deleted(visitor: Client, person: User, video: Video) -> None:
    own = comments.write(video, "mine", at=NOW, author=person)
    other = comments.write(video, "another's", at=NOW, author=User.objects.create(username="ben"))
    page = visitor.get(video.get_absolute_url()).content.decode()
    assert f"/comments/{own.pk}/delete/" in page
    assert f"/comments/{other.pk}/delete/" not in page
    answer = visitor.post(f"/comments/{other.pk}/delete/", headers=JSON)
    assert (answer.status_code, answer.json()["errors"]["comment"]) == (403, ["Only its author can delete a comment."])
    visitor.post(f"/comments/{own.pk}/delete/")
    assert list(Comment.objects.all()) == [other]


def test_a_reply_to_a_guest_is_for_the_team_unless_it_says_otherwise(
    visitor: Client, person: User, video: Video
) -> None:
    share = Share.objects.create(video=video, created_at=NOW, created_by=person, may_comment=True)
    asked = comments.write(video, "brighter?", at=NOW, guest_name="Zoë", share=share)
    visitor.post(url(video), {"text": "no budget", "parent": asked.pk})
    visitor.post(url(video), {"text": "we will see", "parent": asked.pk, "to_guests": "1"})
    (thread,) = comments.threads(video, share=share)
    assert [reply.text for reply in thread.replies] == ["we will see"]


@pytest.mark.django_db
def test_a_clip_that_one_may_not_see_takes_no_comment_and_shows_none(visitor: Client, staff: User) -> None:
    hidden = a_video(a_task(Status.STORED, campaign=a_campaign(is_restricted=True)))
    comment = comments.write(hidden, "secret", at=NOW, author=staff)
    assert visitor.post(url(hidden), {"text": "hm"}).status_code == 404
    for verb in ("resolve", "reopen", "delete"):
        assert visitor.post(f"/comments/{comment.pk}/{verb}/").status_code == 404
    for form in ("csv", "edl"):
        assert visitor.get(f"/videos/{hidden.pk}/comments.{form}").status_code == 404


def test_who_is_not_signed_in_writes_and_exports_nothing(client: Client, settings: Any, video: Video) -> None:
    settings.CATALOG_PUBLIC = True
    assert client.post(url(video), {"text": "hm"})["Location"].startswith("/login/")
    assert client.post("/comments/1/resolve/")["Location"].startswith("/login/")
    assert client.get(f"/videos/{video.pk}/comments.csv")["Location"].startswith("/login/")


def test_forms_of_other_sites_write_nothing(person: User, video: Video) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.post(url(video), {"text": "hm"}).status_code == 403
    assert client.post("/comments/1/resolve/").status_code == 403


def test_other_verbs_and_forms_do_not_exist(visitor: Client, person: User, video: Video) -> None:
    comment = comments.write(video, "mine", at=NOW, author=person)
    assert visitor.post(f"/comments/{comment.pk}/approve/").status_code == 404
    assert visitor.get(f"/comments/{comment.pk}/resolve/").status_code == 405
    assert visitor.get(f"/videos/{video.pk}/comments.exe").status_code == 404


def test_comments_are_exported(visitor: Client, person: User, video: Video) -> None:
    comments.write(video, "=1+1", at=NOW, author=person, at_seconds=3.0)
    csv = visitor.get(f"/videos/{video.pk}/comments.csv")
    assert csv["Content-Disposition"] == f'attachment; filename="comments-{video.pk}.csv"'
    assert "'=1+1" in csv.content.decode()
    assert "* LOC: 00:00:03:00 RED     anna: =1+1" in visitor.get(f"/videos/{video.pk}/comments.edl").content.decode()


def test_people_find_where_they_are_mentioned_on_clips_that_they_may_see(
    visitor: Client, person: User, staff: User, video: Video
) -> None:
    assert "Nobody has mentioned you" in text(visitor.get("/mentions/"))
    campaign = a_campaign(is_restricted=True)
    hidden = a_video(a_task(Status.STORED, campaign=campaign))
    comments.write(video, "@anna brighter?", at=NOW, author=staff, at_seconds=2)
    comments.write(hidden, "secret", at=NOW, author=staff).mentions.add(person)
    page = visitor.get("/mentions/")
    assert "@anna brighter?" in text(page)
    assert f'href="/videos/{video.pk}/?t=2.0"' in page.content.decode()
    assert "secret" not in text(page)


def tags(page: str) -> set[str]:
    return set(re.findall(r"<(\w+)", page))


def test_fifty_payloads_in_every_text_stay_text(admin_client: Client, staff: User, video: Video) -> None:
    def pages(text: str) -> list[str]:
        page = admin_client.get(video.get_absolute_url(), {"q": text, "t": text})
        refused = admin_client.post(url(video), {"text": text, "at": text})
        return [page.content.decode(), refused.content.decode()]

    share = Share.objects.create(video=video, created_at=NOW, created_by=staff, may_comment=True)
    Video.objects.filter(pk=video.pk).update(description="one\ntwo")
    comments.write(video, "hm @mira", at=NOW, guest_name="Zoë", share=share, at_seconds=1)
    comments.write(video, "hm", at=NOW, author=staff)
    harmless = [tags(page) for page in pages("hm")]
    assert len(XSS) >= 50
    for payload in XSS:
        admin_client.post(url(video), {"text": payload})
        comments.write(video, payload, at=NOW, guest_name=payload[:60], share=share)
    Video.objects.filter(pk=video.pk).update(title=XSS[0], description="\n".join(XSS))
    for page, own in zip(pages(XSS[25]), harmless, strict=True):
        assert tags(page) <= own
        assert not re.search(r"<[^>]*\s(on\w+|style|srcdoc)\s*=", re.sub(r'"[^"]*"', '""', page))
        assert not re.search(r'<script(?! (?:type="module" )?src="(?:/static/generations/|/words[.]js[?]))', page)
        assert not re.search(r'(?:href|src|action)="\s*javascript:', page)
