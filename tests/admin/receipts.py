"""How a test presses the button of a receipt page."""

from __future__ import annotations

from typing import Any

from django.test import Client


def fields_of(receipt: Any) -> dict[str, Any]:
    """What the page's form sends when it is confirmed."""
    assert "receipt" in receipt.templates[0].name, "no receipt came"
    data: dict[str, Any] = {"receipt": receipt.context["token"]}
    for name, value in receipt.context["press"].hidden:
        data.setdefault(name, []).append(value)
    return data


def confirm(client: Client, page: Any, **changes: Any) -> Any:
    """Press the button under a receipt, to where it leads."""
    return client.post(page.request["PATH_INFO"], fields_of(page) | changes, follow=True)
