"""The type of a person who orders, decides, corrects or has a budget."""

from __future__ import annotations

from typing import TypeAlias

from django.contrib.auth.models import User

Person: TypeAlias = User
