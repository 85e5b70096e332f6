"""How a test fills in the pages that order, and presses their buttons."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from generations.models import GenerationTask, Prompt
from tests.clips import png

LIST = reverse("admin:generations_generationtask_changelist")


def fields_of(receipt: Any) -> dict[str, Any]:
    """What the page's form sends when it is confirmed."""
    assert "receipt" in receipt.templates[0].name, "no receipt came"
    data: dict[str, Any] = {"receipt": receipt.context["token"]}
    for name, value in receipt.context["hidden"]:
        data.setdefault(name, []).append(value)
    return data


def confirm(client: Client, page: Any, **changes: Any) -> Any:
    """Press the button under a receipt, to where it leads."""
    return client.post(page.context["form_url"], fields_of(page) | changes, follow=True)


def url(prompt: Prompt, page: str = "generate") -> str:
    return reverse(f"admin:generations_prompt_{page}", args=[prompt.pk])


def filled(**changes: Any) -> dict[str, Any]:
    """A good order, as the page sends it."""
    data = {
        "prompt": "a lighthouse at dawn", "provider": "apixo", "model": "kling-2-5-turbo-pro",
        "mode": "text-to-video", "duration": "5", "takes": "1", "batch": str(uuid.uuid4()), "delivery": "polling",
    }  # fmt: skip
    return data | changes


def a_picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("start.png", png(), "image/png")


def door(task: GenerationTask, verb: str) -> str:
    return reverse(f"admin:generations_task_{verb}", args=[task.pk])


def press(client: Client, task: GenerationTask, verb: str, **data: str) -> Any:
    return client.post(door(task, verb), data, follow=True)


def act(client: Client, action: str, *tasks: GenerationTask, **data: Any) -> Any:
    chosen = [task.pk for task in tasks]
    return client.post(LIST, {"action": action, "_selected_action": chosen, **data}, follow=True)
