"""Say whom a happening concerns: staff who may see it, and what each of them wants to be told."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth import get_user_model

from generations.models import HowOften, NoticeChoice, NoticeKind
from generations.models.notices import NEEDED

BACKEND = "kling_site.permissions.Backend"
# A kind concerns all who may act on it, beside the people that the happening itself names.
ACTING = {
    NoticeKind.UNDECIDED: "decide_orders",
    NoticeKind.BUDGET: "change_budget",
    NoticeKind.PAUSE: "delete_pause",
    NoticeKind.ENDPOINT: "change_endpoint",
}


class Audience:
    """The staff who may be told; what they may do and want is read once for all happenings of a run."""

    def __init__(self) -> None:
        self._holders: dict[str, set[int]] = {}
        self._choices = {choice.pk: choice for choice in NoticeChoice.objects.all()}

    def concerned(self, kind: NoticeKind, named: Iterable[int | None], *, but: int | None) -> list[int]:
        """Return whom a happening concerns: the people it names and those who act on it; `but` did it themselves."""
        people = {each for each in named if each}
        if kind in ACTING:
            people |= self._who_may(ACTING[kind])
        return sorted((people & self._who_may(NEEDED[kind])) - {but})

    def ways(self, person: int, kind: NoticeKind) -> tuple[bool, bool]:
        """Return whether the admin and whether digests tell a person of a kind."""
        choice = self._choices.get(person) or NoticeChoice()
        return kind not in choice.hidden, kind in choice.mailed and choice.how_often != HowOften.NEVER

    def _who_may(self, permission: str) -> set[int]:
        if permission not in self._holders:
            people = get_user_model().objects.with_perm(f"generations.{permission}", backend=BACKEND)
            self._holders[permission] = set(people.filter(is_staff=True).values_list("pk", flat=True))
        return self._holders[permission]
