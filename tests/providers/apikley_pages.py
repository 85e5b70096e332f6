"""Apikley's pages, as they stand in tests/samples, and orders of theirs.

The OpenAPI text is theirs word for word. The answers were put together from the fields and words that its pages and its
upstream's list: none was recorded from the live API.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.factories import order_of

SAMPLES = Path(__file__).parents[1] / "samples" / "apikley"
CLIP = "https://example.com/generated-content.mp4"
OPENAPI: dict[str, Any] = yaml.safe_load((SAMPLES / "kling-2-6-text-to-video.openapi.yaml").read_text())
CREATE: dict[str, Any] = OPENAPI["paths"]["/api/v1/jobs/createTask"]["post"]
REQUEST: dict[str, Any] = CREATE["requestBody"]["content"]["application/json"]
RESPONSE: dict[str, Any] = CREATE["responses"]["200"]["content"]["application/json"]

T2V = order_of(
    provider="apikley",
    model="kling-2-6",
    mode="text-to-video",
    prompt="a lighthouse at dawn, gulls crying",
    duration_seconds=10,
    sound=True,
    aspect_ratio="16:9",
)
I2V = order_of(
    provider="apikley",
    model="kling-2-6",
    mode="image-to-video",
    prompt="the clouds begin to move",
    duration_seconds=5,
    sound=False,
    start_image="https://example.com/start.png",
)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())
