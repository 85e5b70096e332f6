"""APIXO's pages: an order of theirs, and their examples, as they stand in tests/samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.factories import order_of

SAMPLES = Path(__file__).parents[1] / "samples" / "apixo"
CLIP = "https://file.apixo.ai/xxx.mp4"

T2V_26 = order_of(
    provider="apixo",
    model="kling-2-6",
    mode="text-to-video",
    prompt="a serene waterfall in the forest with birds chirping",
    duration_seconds=10,
    sound=True,
    aspect_ratio="16:9",
    route="value",
)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())
