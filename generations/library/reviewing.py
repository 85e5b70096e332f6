"""Move clips between their states: into review, approved, rejected, sent back; cancel takes no longer needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from generations.formats import usd
from generations.library import comments
from generations.library.comments import BadComment
from generations.lifecycle import batches
from generations.lifecycle.ordering import cancel
from generations.models import Action, AuditEntry, ClipEvent, GenerationTask, Person, Review, Shot, Status, Video
from generations.models.videos import STATES, State

REASON_LENGTH = 2000
WORDS = {
    Review.APPROVED: "clip {} was approved",
    Review.REJECTED: "clip {} was rejected",
    Review.UNDECIDED: "the decision on clip {} was cleared",
    Review.IN_REVIEW: "review of clip {} was requested",
}
ACTIONS = {
    State.DRAFT: Action.CLEARED,
    State.IN_REVIEW: Action.ASKED,
    State.APPROVED: Action.APPROVED,
    State.REJECTED: Action.REJECTED,
    State.PUBLISHED: Action.PUBLISHED,
}
DONE = {
    Review.APPROVED: gettext_lazy("Approved"),
    Review.REJECTED: gettext_lazy("Rejected"),
    Review.UNDECIDED: gettext_lazy("Decision cleared"),
    Review.IN_REVIEW: gettext_lazy("Review requested"),
}


class MoveRefused(Exception):
    """The clip's state does not allow the move; the text tells the person why, and what to do first."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The result of a decision: whether it changed anything, and the takes that it canceled."""

    changed: bool
    canceled: tuple[GenerationTask, ...] = ()

    @property
    def saved_usd(self) -> Decimal | None:
        """What the canceled takes would have cost, in USD; None when a price is unknown."""
        prices = [task.price_usd for task in self.canceled]
        known = [price for price in prices if price is not None]
        return sum(known, Decimal(0)) if len(known) == len(prices) else None

    @property
    def saved_is_minimum(self) -> bool:
        """Whether one of them has a starting price, so that it may have cost more."""
        return any(task.price_is_minimum for task in self.canceled)

    @property
    def saved(self) -> str:
        """A sentence about the canceled takes; empty when there are none."""
        if not self.canceled:
            return ""
        many = len(self.canceled)
        words = ngettext("{count} waiting take was canceled", "{count} waiting takes were canceled", many)
        if len({task.batch for task in self.canceled}) > 1:
            words = ngettext("{count} waiting order was canceled", "{count} waiting orders were canceled", many)
        if self.saved_usd is None:
            return _("{canceled}, not charged.").format(canceled=words.format(count=many))
        free = _("{canceled}, {amount} is no longer reserved.")
        return free.format(canceled=words.format(count=many), amount=usd(self.saved_usd))


def judge(video: Video, verdict: Review, *, at: datetime, by: Person | None, stop: bool = False) -> Judged:
    """Approve a clip, reject it, request its review or clear the decision; the same again changes nothing.

    An approval cancels the takes of the same order that were not sent, if they were ordered so or if `stop` says so,
    and all of its batch that was not sent, if that was ordered so.
    The first approved take of a shot is chosen to stand for it. Raises: MoveRefused for a published clip.
    """
    now = State(verdict or State.DRAFT)
    with transaction.atomic():
        was = state_now(video)
        changed = was != now and not (was == State.PUBLISHED and now == State.APPROVED)
        if changed:
            _keep_published(was)
            decided = verdict in (Review.APPROVED, Review.REJECTED)
            facts: dict[str, Any] = {"reviewed_at": at if decided else None, "reviewed_by": by if decided else None}
            move(video, was, now, at=at, by=by, review=verdict, **facts)
            video.task.note(WORDS[verdict].format(video.pk), at=at, by=by)
            _choose_first(video, was, now)
    spared = _no_longer_needed(video.task, stop=stop) if verdict == Review.APPROVED else ()
    return Judged(changed, tuple(task for task in spared if cancel(task, at=at, by=by)))


def send_back(video: Video, reason: str, *, at: datetime, by: Person, moment: str = "") -> None:
    """Make a clip a draft again, with what is to be changed; with a moment such as `0:03`, as a comment there too.

    Raises: MoveRefused for no reason, for a moment that is not in the clip, and for a published clip.
    """
    reason = reason.strip()
    if not reason:
        raise MoveRefused(_("Reason: say what should be changed. Nothing was sent back."))
    if len(reason) > REASON_LENGTH:
        words = _("Reason: at most {most} characters, this has {count}. Nothing was sent back.")
        raise MoveRefused(words.format(most=REASON_LENGTH, count=len(reason)))
    with transaction.atomic():
        was = state_now(video)
        _keep_published(was)
        if moment.strip():
            _comment(video, reason, moment, at=at, by=by)
        clear: dict[str, Any] = {"review": Review.UNDECIDED, "reviewed_at": None, "reviewed_by": None}
        move(video, was, State.DRAFT, at=at, by=by, reason=reason, **clear)
        video.task.note(f"clip {video.pk} was sent back: {reason}", at=at, by=by)
        _choose_first(video, was, State.DRAFT)


def choose(video: Video, *, at: datetime, by: Person, replace: bool) -> bool:
    """Let a take stand for its shot; without `replace` an approved one keeps its place. Returns whether it does."""
    shots = Shot.objects.filter(pk=video.shot_id)
    if not replace:
        shots = shots.exclude(chosen__in=Video.objects.filter(review=Review.APPROVED).exclude(pk=video.pk))
    with transaction.atomic():
        if shots.exclude(chosen=video.pk).update(chosen=video):
            video.task.note(f"clip {video.pk} was chosen among its takes", at=at, by=by)
    return Shot.objects.filter(pk=video.shot_id, chosen=video).exists()


def state_now(video: Video) -> State:
    """Return the state of a clip's row, and keep others from moving it before this transaction ends."""
    return Video.objects.select_for_update().only("review", "published_at").get(pk=video.pk).state


def move(
    video: Video, was: State, now: State, *, at: datetime, by: Person | None, reason: str = "", **changes: Any
) -> None:
    """Change a clip's state and write its history, in the caller's transaction. Raises: MoveRefused for a lost race."""
    if not Video.objects.filter(STATES[was], pk=video.pk).update(**changes):
        raise MoveRefused(_("Someone else changed this clip just now. Look again, then decide."))
    ClipEvent.objects.create(video=video, at=at, by=by, was=was, now=now, reason=reason)
    action = Action.UNPUBLISHED if was == State.PUBLISHED else ACTIONS[now]
    if reason and action == Action.CLEARED:
        action = Action.SENT_BACK
    AuditEntry.objects.record(action, video, reason, at=at, by=by, practice=video.practice)


def waiting(task: GenerationTask) -> QuerySet[GenerationTask]:
    """Return the other takes of its order that were not sent yet."""
    return GenerationTask.objects.filter(batch=task.batch, status=Status.QUEUED).exclude(pk=task.pk).order_by("take")


def _no_longer_needed(task: GenerationTask, *, stop: bool) -> Iterable[GenerationTask]:
    """Return what an approval of a task's clip cancels; what was sent already is made and charged."""
    if task.order_batch and task.order_batch.stops_when_approved:
        return batches.waiting(task.order_batch)
    return waiting(task) if stop or task.stops_when_approved else ()


def _comment(video: Video, text: str, moment: str, *, at: datetime, by: Person) -> None:
    try:
        comments.write(video, text, at=at, author=by, at_seconds=comments.parse_moment(moment))
    except BadComment as error:
        raise MoveRefused(_("Moment: {problem} Nothing was sent back.").format(problem=error.text)) from error


def _keep_published(was: State) -> None:
    if was == State.PUBLISHED:
        raise MoveRefused(_("This clip is published. Unpublish it first, then decide again. Nothing was changed."))


def _choose_first(video: Video, was: State, now: State) -> None:
    """Let the first approved take stand for its shot, until its approval is taken back."""
    shots = Shot.objects.filter(pk=video.shot_id)
    if now == State.APPROVED:
        shots.filter(chosen=None).update(chosen=video)
    elif was == State.APPROVED or now == State.REJECTED:
        shots.filter(chosen=video).update(chosen=None)
