"""What people without an account get to know of a clip: a copy of these facts, so that no page can show more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from generations.catalog.media import plain_name
from generations.formats import clock, megabytes, timecode
from generations.library.comments import Thread
from generations.models import Comment, Video


@dataclass(frozen=True, slots=True)
class GuestClip:
    """A clip under a secret address: its page and its files are below it. Names are as of `Video`, for the player."""

    pk: int
    title: str
    description: str
    duration_seconds: float
    fps: float
    length: str
    size: str
    width: int
    height: int
    has_audio: bool
    is_labelled: bool
    is_damaged: bool
    color: str
    page: str
    url: str
    poster_url: str
    small_poster_url: str
    preview: str
    name: str
    takes_count: int

    @classmethod
    def of(cls, video: Video, prefix: str) -> GuestClip:
        """Copy a clip's facts; `prefix` is the address that everything is below, such as `/s/<token>/`."""

        def below(name: object) -> str:
            return f"{prefix}media/{name}" if name else ""

        return cls(
            pk=video.pk, title=video.title, description=video.description,
            duration_seconds=video.duration_seconds, fps=video.fps,
            length=clock(video.duration_seconds), size=megabytes(video.size_bytes),
            width=video.width, height=video.height, has_audio=video.has_audio,
            is_labelled=video.is_labelled, is_damaged=bool(video.damage), color=video.color,
            page=f"{prefix}videos/{video.pk}/", url=below(video.file), poster_url=below(video.poster),
            small_poster_url=below(video.poster_small or video.poster), preview=below(video.preview),
            name=plain_name(video), takes_count=video.takes_count,
        )  # fmt: skip

    @property
    def shape(self) -> str:
        """`wide`, `tall` or `square`, so that the page reserves room before the picture loads."""
        if self.width > self.height * 1.1:
            return "wide"
        return "tall" if self.height > self.width * 1.1 else "square"


@dataclass(frozen=True, slots=True)
class GuestComment:
    """A comment as guests read it; who of the team answered is not for them."""

    pk: int
    name: str
    text: str
    seconds: float
    moment: str
    at: datetime
    replies: tuple[GuestComment, ...] = ()

    @classmethod
    def of(cls, comment: Comment, replies: tuple[GuestComment, ...] = ()) -> GuestComment:
        seconds = comment.at_seconds
        return cls(
            pk=comment.pk, name=comment.guest_name or _("The team"), text=comment.text, seconds=seconds or 0.0,
            moment="" if seconds is None else timecode(seconds), at=comment.created_at, replies=replies,
        )  # fmt: skip

    @classmethod
    def of_thread(cls, thread: Thread) -> GuestComment:
        return cls.of(thread.comment, tuple(map(cls.of, thread.replies)))
