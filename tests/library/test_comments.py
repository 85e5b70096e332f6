"""Comments: what is written and refused, who answers, resolves and deletes, and what guests never see."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.library import comments
from generations.library.comments import BadComment, MayNotDelete
from generations.models import AuditEntry, Comment, Share, Status, Video
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video() -> Video:
    return a_video(duration_seconds=5.0)


@pytest.fixture
def anna() -> User:
    return User.objects.create(username="anna")


def a_share(video: Video, **changes: Any) -> Share:
    owner = User.objects.get_or_create(username="mira")[0]
    return Share.objects.create(
        **({"video": video, "created_at": NOW, "created_by": owner, "may_comment": True} | changes)
    )


def test_a_comment_has_its_moment_or_is_about_the_whole_clip(video: Video, anna: User) -> None:
    at_a_frame = comments.write(video, "the tail flickers", at=NOW, author=anna, at_seconds=3.125)
    assert (at_a_frame.at_seconds, at_a_frame.author, at_a_frame.created_at) == (3.125, anna, NOW)
    assert comments.write(video, "lovely", at=NOW, author=anna).at_seconds is None


def test_control_characters_go_and_lines_stay(video: Video, anna: User) -> None:
    written = comments.write(video, " one\r\ntwo\x00\x1b[31m \u202egpj.exe 👩\u200d🚀 ", at=NOW, author=anna)
    assert written.text == "one\ntwo[31m gpj.exe 👩\u200d🚀"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("text", {"text": "\x00 \n"}),
        ("text", {"text": "x" * 2001}),
        ("at", {"at_seconds": -0.1}),
        ("at", {"at_seconds": 6.0}),
        ("at", {"at_seconds": float("nan")}),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(video: Video, anna: User, field: str, changes: Any) -> None:
    with pytest.raises(BadComment) as refused:
        comments.write(video, **({"text": "good"} | changes), at=NOW, author=anna)
    assert refused.value.field == field
    assert not Comment.objects.exists()


def test_the_end_of_the_clip_is_in_it_even_where_a_player_counts_further(video: Video, anna: User) -> None:
    assert comments.write(video, "cut here", at=NOW, author=anna, at_seconds=5.02).at_seconds == 5.0


def test_a_reply_to_a_reply_joins_the_thread(video: Video, anna: User) -> None:
    first = comments.write(video, "too dark?", at=NOW, author=anna, at_seconds=1)
    reply = comments.write(video, "a little", at=NOW, author=anna, parent=first, at_seconds=2)
    later = comments.write(video, "then brighter", at=NOW, author=anna, parent=reply)
    assert (reply.parent, later.parent, reply.at_seconds) == (first, first, None)
    with pytest.raises(BadComment, match="parent"):
        comments.write(a_video(), "elsewhere", at=NOW, author=anna, parent=first)


def test_threads_stand_in_the_order_of_their_moments_in_one_query(
    video: Video, anna: User, django_assert_num_queries: Any
) -> None:
    late = comments.write(video, "late", at=NOW, author=anna, at_seconds=4)
    comments.write(video, "early", at=NOW, author=anna, at_seconds=0)
    comments.write(video, "whole", at=NOW, author=anna)
    comments.write(video, "reply", at=NOW, author=anna, parent=late)
    with django_assert_num_queries(1):
        found = comments.threads(video)
        assert [thread.comment.said_by for thread in found] == ["anna"] * 3
    assert [thread.comment.text for thread in found] == ["whole", "early", "late"]
    assert [reply.text for reply in found[2].replies] == ["reply"]


def test_a_thread_is_resolved_and_opened_again_once(video: Video, anna: User) -> None:
    comment = comments.write(video, "too dark", at=NOW, author=anna)
    assert comments.resolve(comment, at=NOW, by=anna)
    assert not comments.resolve(comment, at=NOW, by=anna)
    comment.refresh_from_db()
    assert (comment.resolved_at, comment.resolved_by) == (NOW, anna)
    assert comments.reopen(comment)
    assert not comments.reopen(comment)


def test_only_ones_own_comment_goes_and_only_without_an_answer(video: Video, anna: User) -> None:
    other = User.objects.create(username="ben")
    comment = comments.write(video, "too dark", at=NOW, author=anna)
    with pytest.raises(MayNotDelete, match="author"):
        comments.delete(comment, at=NOW, by=other)
    reply = comments.write(video, "no", at=NOW, author=other, parent=comment)
    with pytest.raises(MayNotDelete, match="answered"):
        comments.delete(comment, at=NOW, by=anna)
    comments.delete(reply, at=NOW, by=other)
    comments.delete(comment, at=NOW, by=anna)
    assert not Comment.objects.exists()
    entries = AuditEntry.objects.order_by("id").values_list("action", "name", "words", "by__username")
    assert list(entries) == [("deleted", "no", f"on {video}", "ben"), ("deleted", "too dark", f"on {video}", "anna")]


def test_people_are_mentioned_who_may_see_the_clip(anna: User) -> None:
    campaign = a_campaign(is_restricted=True)
    campaign.people.add(anna)
    closed = a_video(a_task(Status.STORED, campaign=campaign))
    User.objects.create(username="ben")
    User.objects.create(username="gone", is_active=False)
    text = "@anna. and @ben, mail anna@example.com, @gone @nobody"
    assert list(comments.write(closed, text, at=NOW, author=anna).mentions.all()) == [anna]
    assert comments.mentioned("cc @ben and @anna", a_video()) == list(User.objects.filter(username__in=["anna", "ben"]))


def test_a_guest_comments_by_name_where_the_link_allows_it(video: Video, anna: User) -> None:
    share = a_share(video)
    comment = comments.write(video, "@anna nice", at=NOW, guest_name=" Zoë\x00 \n of ACME ", share=share, at_seconds=1)
    assert (comment.said_by, comment.share, comment.author) == ("Zoë of ACME", share, None)
    assert not comment.mentions.exists()
    by_zoe: dict[str, Any] = {"guest_name": "Zoë", "share": share}
    refusals: list[tuple[str, dict[str, Any]]] = [
        ("guest_name", {"guest_name": " "}),
        ("guest_name", {"guest_name": "x" * 61}),
        ("share", {"share": None}),
        ("share", {"share": a_share(video, may_comment=False)}),
    ]
    for field, changes in refusals:
        with pytest.raises(BadComment) as refused:
            comments.write(video, "hello", at=NOW, **(by_zoe | changes))
        assert refused.value.field == field


def test_guests_see_what_was_written_through_their_link_and_nothing_else(video: Video, anna: User) -> None:
    share, other = a_share(video), a_share(video)
    internal = comments.write(video, "the client must not read this", at=NOW, author=anna)
    asked = comments.write(video, "brighter?", at=NOW, guest_name="Zoë", share=share)
    comments.write(video, "of another link", at=NOW, guest_name="Max", share=other)
    comments.write(video, "no budget for that", at=NOW, author=anna, parent=asked)
    comments.write(video, "we will see", at=NOW, author=anna, parent=asked, share=share)
    (thread,) = comments.threads(video, share=share)
    assert thread.comment == asked
    assert [reply.text for reply in thread.replies] == ["we will see"]
    with pytest.raises(BadComment, match="parent"):
        comments.write(video, "hm", at=NOW, guest_name="Zoë", share=share, parent=internal)


@pytest.mark.parametrize(
    ("text", "seconds"), [("", None), ("3", 3.0), ("3,5", 3.5), ("0:03.12", 3.12), ("1:05", 65.0), (" 2.25 ", 2.25)]
)
def test_a_moment_is_written_as_seconds_or_as_a_timecode(text: str, seconds: float | None) -> None:
    assert comments.parse_moment(text) == seconds


@pytest.mark.parametrize("text", ["soon", "1:2:3", "-1", "1e3", "nan", "٣", "3.", "\x003"])
def test_another_moment_is_refused(text: str) -> None:
    with pytest.raises(BadComment, match="at: Write the moment in seconds"):
        comments.parse_moment(text)
