"""People with different rights, and how they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

VIEWS = [
    f"view_{name}"
    for name in ("generationtask", "prompt", "video", "ledgerentry", "price", "referenceimage", "budget", "campaign")
]


def person(name: str, *permissions: str) -> User:
    user = User.objects.create_user(name, password="a long enough password", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=permissions, content_type__app_label="generations")
    )
    return user


@pytest.fixture
def viewer(db: None) -> User:
    """Staff who may look, and neither spend nor decide."""
    return person("vera", *VIEWS)


@pytest.fixture
def buyer(db: None) -> User:
    """Staff who may order, and nothing above that."""
    return person("boris", *VIEWS, "order_clips", "change_prompt", "add_prompt")


@pytest.fixture
def viewer_client(viewer: User) -> Client:
    client = Client()
    client.force_login(viewer)
    return client


@pytest.fixture
def buyer_client(buyer: User) -> Client:
    client = Client()
    client.force_login(buyer)
    return client


@pytest.fixture
def said() -> Callable[[Any], list[str]]:
    """The messages of a response that was followed."""

    def messages(response: Any) -> list[str]:
        return [str(message) for message in response.context["messages"]]

    return messages
