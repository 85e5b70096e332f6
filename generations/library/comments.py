"""What people say about a clip: write at a moment, reply, resolve, delete one's own."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from generations.formats import timecode
from generations.models import Action, AuditEntry, Comment, Person, Share, Video
from generations.models.comments import MENTION

TEXT_LENGTH = 2000  # characters, as the column's
NAME_LENGTH = 60
MAX_A_MINUTE = 60  # comments of guests through one link: more than a meeting writes
MAX_OF_LINK = 1_000
MAX_MENTIONS = 10  # a clip's visibility is asked for each
PAST_THE_END = 0.5  # seconds: a player may count the last frame in, or know the length of the sound
KEPT = "\n\t"
# They reorder what stands around them, so that a text says something else than it shows.
REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
TIMECODE = re.compile(r"(?:(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,9})?)", re.ASCII)


class BadComment(ValueError):
    """A comment that is refused: `field` is what is wrong, and `text` says what to do."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field, self.text = field, text


class MayNotDelete(Exception):
    """Only one's own comment goes, and only while nobody has answered it."""


@dataclass(slots=True)
class Thread:
    """A comment and its replies, the oldest first."""

    comment: Comment
    replies: list[Comment] = field(default_factory=list)


def write(
    video: Video,
    text: str,
    *,
    at: datetime,
    author: Person | None = None,
    guest_name: str = "",
    share: Share | None = None,
    at_seconds: float | None = None,
    parent: Comment | None = None,
) -> Comment:
    """Write a comment of a person, or of a guest of a share link; a reply to a reply joins its thread.

    `at_seconds` is the moment of the clip, None for all of it; a reply has none. Raises: BadComment.
    """
    words = clean(text)
    if not words:
        raise BadComment("text", _("Write something."))
    if len(words) > TEXT_LENGTH:
        text = _("At most {most} characters; this has {count}.")
        raise BadComment("text", text.format(most=f"{TEXT_LENGTH:,}", count=f"{len(words):,}"))
    name = "" if author else _guest_name(guest_name, share, at)
    if parent is not None and (parent.video_id != video.pk or (share and parent.share_id != share.pk)):
        raise BadComment("parent", _("The comment that this answers is gone."))
    with transaction.atomic():
        comment = Comment.objects.create(
            video=video,
            parent=parent and (parent.parent or parent),
            at_seconds=None if parent else _moment(at_seconds, video),
            text=words,
            author=author,
            guest_name=name,
            share=share,
            created_at=at,
        )
        if author:  # a guest must not find out who has an account
            comment.mentions.set(mentioned(words, video))
    return comment


def resolve(comment: Comment, *, at: datetime, by: Person) -> bool:
    """Mark a thread as done; return False when it was already."""
    thread = Comment.objects.filter(pk=comment.parent_id or comment.pk, resolved_at=None)
    return bool(thread.update(resolved_at=at, resolved_by=by))


def reopen(comment: Comment) -> bool:
    """Mark a thread as not done; return False when it was not."""
    thread = Comment.objects.filter(pk=comment.parent_id or comment.pk, resolved_at__isnull=False)
    return bool(thread.update(resolved_at=None, resolved_by=None))


def delete(comment: Comment, *, at: datetime, by: Person) -> None:
    """Delete one's own comment. Raises: MayNotDelete for another's, and for one that was answered."""
    if comment.author_id != by.pk:
        raise MayNotDelete(_("Only its author can delete a comment."))
    with transaction.atomic():
        locked = Comment.objects.select_for_update().get(pk=comment.pk)
        if locked.replies.exists():
            raise MayNotDelete(_("It was answered, so it stays. Resolve it instead."))
        AuditEntry.objects.record(Action.DELETED, locked, f"on {locked.video}", at=at, by=by)
        locked.delete()


def threads(video: Video, *, share: Share | None = None) -> list[Thread]:
    """Return a clip's comments in the order of their moments, those about all of it first, in one query.

    For guests, `share` leaves only what was written through their link: the team's own words are not for them.
    """
    rows = Comment.objects.filter(video=video).select_related("author", "resolved_by")
    found = {row.pk: Thread(row) for row in (rows.filter(share=share) if share else rows)}
    for thread in found.values():
        above = found.get(thread.comment.parent_id or 0)
        if above:
            above.replies.append(thread.comment)
    return sorted(
        (thread for thread in found.values() if thread.comment.parent_id not in found),
        key=lambda thread: -1.0 if thread.comment.at_seconds is None else thread.comment.at_seconds,
    )


def mentioned(text: str, video: Video) -> list[Person]:
    """Return the people whom a text names as @username, and who may see the clip."""
    named = [name for found in MENTION.findall(text) for name in (found, found.rstrip("@.+-"))]
    people = get_user_model().objects.filter(username__in=dict.fromkeys(named), is_active=True)
    seen = Video.objects.filter(pk=video.pk)
    return [person for person in people[:MAX_MENTIONS] if seen.visible_to(person).exists()]


def clean(text: str) -> str:
    """Return a text without control characters and without those that reorder what is read, in plain newlines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in plain if each in KEPT or not _is_control(each)).strip()


def parse_moment(text: str) -> float | None:
    """Return the seconds that `3.12` or `0:03.12` stand for; None for an empty text. Raises: BadComment."""
    if not text.strip():
        return None
    found = TIMECODE.fullmatch(text.strip())
    if not found:
        raise BadComment("at", _("Write the moment in seconds, such as 3.12 or 0:03.12."))
    minutes, seconds = found.groups()
    return int(minutes or 0) * 60 + float(seconds.replace(",", "."))


def _is_control(each: str) -> bool:
    return unicodedata.category(each) in ("Cc", "Cs") or ord(each) in REORDERING


def _guest_name(text: str, share: Share | None, at: datetime) -> str:
    name = " ".join(clean(text).split())
    if share is None or not share.may_comment:
        raise BadComment("share", _("This link takes no comments."))
    written = Comment.objects.filter(share=share, author=None)
    if written.count() >= MAX_OF_LINK:
        text = _("This link has taken {count} comments, and takes no more.").format(count=f"{MAX_OF_LINK:,}")
        raise BadComment("share", text)
    if written.filter(created_at__gt=at - timedelta(minutes=1)).count() >= MAX_A_MINUTE:
        text = _("Too many comments were just written. Wait a minute, then send yours again.")
        raise BadComment("share", text)
    if not name:
        raise BadComment("guest_name", _("Say who you are."))
    if len(name) > NAME_LENGTH:
        words = _("At most {most} characters; this has {count}.")
        raise BadComment("guest_name", words.format(most=NAME_LENGTH, count=len(name)))
    return name


def _moment(seconds: float | None, video: Video) -> float | None:
    if seconds is None:
        return None
    if not math.isfinite(seconds) or not 0 <= seconds <= video.duration_seconds + PAST_THE_END:
        raise BadComment("at", _("The clip goes from 0:00.00 to {end}.").format(end=timecode(video.duration_seconds)))
    return min(seconds, video.duration_seconds)
