"""A page of the table: what it needs, the rows that its address names, and what is sent there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.roles.needs import DRAFTS, MEMBERS, NOBODY, STAFF, Need, Someone

# Rows that not everybody sees who may open their pages; see tests/roles/rows.py. Their pages answer others with 404.
SEEN: dict[str, Need] = {
    "video": DRAFTS, "file": DRAFTS, "poster_file": DRAFTS, "preview_file": DRAFTS, "shot": DRAFTS,
    "seen_share": DRAFTS, "comment": DRAFTS, "own_comment": DRAFTS,
    "closed_video": STAFF & DRAFTS, "closed_file": STAFF & DRAFTS, "closed_shot": STAFF & DRAFTS,
    "closed_approved": STAFF, "closed_collection": STAFF,
}  # fmt: skip
# What stands in for a row in further cases: another of its kind, with a rule of its own.
KINDS = {
    "video": ("own_video", "closed_video"),
    "approved": ("closed_approved",),
    "file": ("poster_file", "preview_file", "own_file", "closed_file"),
    "shot": ("own_shot", "closed_shot"),
    "collection": ("closed_collection",),
}
NAMED = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Case:
    """A page: what GET and POST need, the rows in its address, and what a POST sends."""

    get: Need
    post: Need
    on: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    is_absent: bool = False  # whoever may open it is told that it is not there: it takes more than a row to be there
    counts: bool = False  # it is a guest's visit, which is counted
    signs_out: bool = False  # it leads to the page to sign in, whoever comes
    may_be_ill: bool = False  # it says by 503 that no worker runs
    by_token: bool = False  # whoever has the address sees what its maker sees
    tells_all: bool = False  # it is for those who may know of everything
    query: str = ""  # what follows the path; from "/" on it is the whole address

    @property
    def named(self) -> set[str]:
        """The rows that the address names."""
        return {*self.on, *NAMED.findall(self.query)}

    @property
    def sent(self) -> set[str]:
        """The rows that a POST names beside the address."""
        return set(NAMED.findall(str(self.data)))

    def kinds(self) -> Iterator[Case]:
        """Yield this case, and the same of other rows."""
        yield self
        if self.by_token:
            return
        for name, others in KINDS.items():
            for other in others if name in self.named | self.sent else ():
                yield self._with(name, other)

    def _with(self, name: str, other: str) -> Case:
        def swapped(value: Any) -> Any:
            if isinstance(value, list):
                return [swapped(each) for each in value]
            return value.replace(f"{{{name}}}", f"{{{other}}}")

        return replace(
            self,
            on=tuple(other if each == name else each for each in self.on),
            query=swapped(self.query),
            data={key: swapped(value) for key, value in self.data.items()},
        )


def reads(need: Need, *on: str, **more: Any) -> Case:
    return Case(need, NOBODY, on, **more)


def writes(need: Need, *on: str, **more: Any) -> Case:
    return Case(NOBODY, need, on, **more)


def both(need: Need, *on: str, **more: Any) -> Case:
    return Case(need, need, on, **more)


def hidden(names: set[str], who: Someone) -> set[str]:
    """Return those of some rows that a person does not see."""
    return {name for name in names if not SEEN.get(name, MEMBERS | ~MEMBERS).is_met_by(who)}
