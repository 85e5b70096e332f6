"""What a page asks of whoever comes: an expression over kinds of people and permissions, true or not of each person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User

SEE_DRAFTS = "generations.see_drafts"


@dataclass(frozen=True, slots=True)
class Someone:
    """Whoever opens a page: nobody known, or a person with permissions such as `generations.order_clips`."""

    is_known: bool = False
    is_staff: bool = False
    is_superuser: bool = False
    permissions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, person: User | None) -> Someone:
        """Read from the database what a person may do."""
        if person is None:
            return cls()
        found = User.objects.get(pk=person.pk)
        return cls(True, found.is_staff, found.is_superuser, frozenset(found.get_all_permissions()))


@dataclass(frozen=True, slots=True)
class Need:
    """A rule, with the permissions that it speaks of; `&`, `|` and `~` make further ones."""

    is_met_by: Callable[[Someone], bool]
    permissions: frozenset[str] = frozenset()

    def __and__(self, other: Need) -> Need:
        return Need(lambda one: self.is_met_by(one) and other.is_met_by(one), self.permissions | other.permissions)

    def __or__(self, other: Need) -> Need:
        return Need(lambda one: self.is_met_by(one) or other.is_met_by(one), self.permissions | other.permissions)

    def __invert__(self) -> Need:
        return Need(lambda one: not self.is_met_by(one), self.permissions)


EVERYBODY = Need(lambda one: True)
NOBODY = ~EVERYBODY
MEMBERS = Need(lambda one: one.is_known)  # all who sign in
STAFF = Need(lambda one: one.is_staff)
SUPERUSER = Need(lambda one: one.is_superuser)


def may(*names: str) -> Need:
    """One of these permissions is enough; those of our own app need no `generations.` before them."""
    full = frozenset(name if "." in name else f"generations.{name}" for name in names)
    return Need(lambda one: bool(one.permissions & full), full)


def staff(*names: str) -> Need:
    """Staff status and one of these permissions."""
    return STAFF & may(*names)


DRAFTS = may("see_drafts")  # whoever does not have it sees, of what others ordered, what was approved or published
