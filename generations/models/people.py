"""The type of a person who orders, decides, corrects or has a budget; permissions about orders."""

from __future__ import annotations

from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser, User

Person: TypeAlias = User

ORDERING = (
    ("order_clips", "Can order clips, which costs money"),
    ("decide_orders", "Can decide about orders of unknown outcome"),
)


def may_order(person: Person | AnonymousUser) -> bool:
    """Return whether a person may spend money: whoever does sees what is ordered, and what becomes of it."""
    return person.has_perms([f"generations.{name}" for name in ("order_clips", "view_prompt", "view_generationtask")])
