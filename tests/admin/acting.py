"""Actions on chosen rows of a list, as a person takes them."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

VIDEOS = reverse("admin:generations_video_changelist")
TASKS = reverse("admin:generations_generationtask_changelist")


def act(client: Client, action: str, *pks: int, at: str = VIDEOS, **more: Any) -> Any:
    data = {"action": action, "index": "0", "select_across": "0", "_selected_action": pks, **more}
    return client.post(at, data, follow=True)


def confirm(client: Client, page: Any, **value: Any) -> Any:
    """Answer the page between."""
    return client.post(page.context["back"], {**dict(page.context["hidden"]), **value}, follow=True)


def words(page: Any) -> str:
    return " ".join(str(message) for message in page.context["messages"])
