"""A clip's comments for other programs: a table, and an edit list whose markers editing programs read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generations.library.comments import Thread
from generations.models import Comment, Video
from generations.reports.export import Column, Table

USUAL_RATE = 24  # where the file does not say its own
MARKER_LENGTH = 200  # characters of a marker's text: the line is read by programs that cut long ones
COLORS = {False: "RED", True: "GREEN"}  # open, resolved
COLUMNS = (
    Column("Comment", "count"), Column("Answers", "count"), Column("Moment"), Column("Frame", "count"),
    Column("Author"), Column("Guest"), Column("Text"), Column("Written"), Column("Resolved"),
)  # fmt: skip


def table(video: Video, threads: Iterable[Thread]) -> Table:
    """Return the comments as rows, each reply under what it answers."""
    rows = [_row(video, each) for thread in threads for each in (thread.comment, *thread.replies)]
    return Table(slug="comments", title=f"Comments on {video.title}", columns=COLUMNS, rows=list(rows))


def edl(video: Video, threads: Iterable[Thread]) -> str:
    """Return a CMX 3600 edit list of the whole clip, with a `* LOC:` line for each comment at a moment.

    Avid, DaVinci Resolve and OpenTimelineIO read those lines as markers; times count from the clip's first frame.
    """
    rate = _rate(video)
    end = _timecode(max(1, round(video.duration_seconds * video.fps) if video.fps else 1), rate)
    start = _timecode(0, rate)
    lines = [
        f"TITLE: Comments on clip {video.pk}",
        "FCM: NON-DROP FRAME",
        "",
        f"001  CLIP{video.pk:<8} V     C        {start} {end} {start} {end}",
        f"* FROM CLIP NAME: {_one_line(video.title)}",
        *_markers(video, threads, rate),
    ]
    return "\r\n".join(lines) + "\r\n"


def _markers(video: Video, threads: Iterable[Thread], rate: int) -> Iterator[str]:
    for thread in threads:
        comment = thread.comment
        if comment.at_seconds is not None:
            said = " / ".join(f"{each.said_by}: {each.text}" for each in (comment, *thread.replies))
            color = COLORS[comment.resolved_at is not None]
            at = _timecode(_frame(video, comment.at_seconds), rate)
            yield f"* LOC: {at} {color:<7} {_one_line(said)[:MARKER_LENGTH]}"


def _row(video: Video, comment: Comment) -> tuple[str | int | None, ...]:
    at = comment.at_seconds
    return (
        comment.pk,
        comment.parent_id,
        comment.timecode,
        None if at is None else _frame(video, at),
        comment.said_by,
        "yes" if comment.share_id and not comment.author_id else "",
        comment.text,
        comment.created_at.isoformat(),
        comment.resolved_at.isoformat() if comment.resolved_at else "",
    )


def _frame(video: Video, seconds: float) -> int:
    """Return the number of the frame that is shown at a moment, from 0."""
    return int(seconds * (video.fps or USUAL_RATE) + 0.001)


def _rate(video: Video) -> int:
    """Return the frames that a second of timecode counts: 24 for 23.976."""
    return round(video.fps) or USUAL_RATE


def _timecode(frame: int, rate: int) -> str:
    seconds, rest = divmod(frame, rate)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:02d}"


def _one_line(text: str) -> str:
    """Return a text without line breaks: a line of its own would be read as an edit."""
    return " ".join(text.split())
