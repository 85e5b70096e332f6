"""Publish approved clips, each with a person's disclosure decision, and take them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from generations.library.reviewing import MoveRefused, move, state_now
from generations.models import Disclosure, Person, Video
from generations.models.videos import State

UNLABELLED = gettext_noop("It could be taken for real, and is shown without the label AI-generated.")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person answered before publishing: nothing is assumed."""

    could_seem_real: bool
    is_labelled: bool

    @property
    def warning(self) -> str:
        """What is said plainly where a clip could seem real and the label was refused; else empty."""
        return _(UNLABELLED) if self.could_seem_real and not self.is_labelled else ""

    def __str__(self) -> str:
        """Say it as the clip's history keeps it."""
        seems = "could be taken for real" if self.could_seem_real else "could not be taken for real"
        return f"{seems}, {'with' if self.is_labelled else 'without'} the label AI-generated"


def problem(video: Video) -> str:
    """Return why a clip cannot be published as it stands, for people; empty when it can."""
    if video.state == State.PUBLISHED:
        return _("This clip is published already.")
    if video.state != State.APPROVED:
        return _("Only approved clips can be published. Approve it first.")
    if video.damage:
        return _("This clip's file is damaged, so it cannot be published. Nothing was changed.")
    return ""


def publish(video: Video, answers: Answers, *, at: datetime, by: Person) -> None:
    """Publish a clip with its disclosure decision. Raises: MoveRefused where `problem` finds one."""
    with transaction.atomic():
        row = Video.objects.select_for_update().get(pk=video.pk)
        if words := problem(row):
            raise MoveRefused(words)
        facts: dict[str, Any] = {"published_at": at, "published_by": by, "is_labelled": answers.is_labelled}
        move(row, State.APPROVED, State.PUBLISHED, at=at, by=by, reason=str(answers), **facts)
        Disclosure.objects.create(
            video=row, could_seem_real=answers.could_seem_real, is_labelled=answers.is_labelled, at=at, by=by
        )


def unpublish(video: Video, *, at: datetime, by: Person) -> None:
    """Take a clip back; it stays approved, and keeps its label. Raises: MoveRefused for one that is not published."""
    with transaction.atomic():
        if state_now(video) != State.PUBLISHED:
            raise MoveRefused(_("This clip is not published. Nothing was changed."))
        move(video, State.PUBLISHED, State.APPROVED, at=at, by=by, published_at=None, published_by=None)
