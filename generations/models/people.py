"""The type of a person who orders, decides, corrects or has a budget; permissions about orders."""

from __future__ import annotations

from typing import TypeAlias

from django.contrib.auth.models import User

Person: TypeAlias = User

ORDERING = (
    ("order_clips", "Can order clips, which costs money"),
    ("decide_orders", "Can decide about orders of unknown outcome"),
)
