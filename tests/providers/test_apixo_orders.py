"""APIXO's documented orders, word for word, and what is sent of a choice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from generations.providers.apixo import request_body
from generations.providers.base import Order
from tests.factories import but, order_of

from .apixo_pages import SAMPLES, T2V_26, sample


def an_order(model: str, mode: str, prompt: str, seconds: int = 5, **more: Any) -> Order:
    return order_of(provider="apixo", model=model, mode=mode, prompt=prompt, duration_seconds=seconds, **more)


K26, K25, K21, T2V, I2V = "kling-2-6", "kling-2-5-turbo-pro", "kling-2-1", "text-to-video", "image-to-video"
START, END = "https://example.com/start.jpg", "https://example.com/end.jpg"
CALLBACK, WEBHOOK = "https://your-server.com/callback", "https://your-server.com/webhooks/apixo"
DRONE = an_order(K25, T2V, "a cinematic drone shot over snowy mountains at sunrise", 10, aspect_ratio="16:9")
STILL_LIFE = an_order(
    K21, f"standard-{I2V}", "animate this still life scene with subtle camera movement",
    start_image="https://example.com/source.jpg",
)  # fmt: skip
NEON = an_order(K21, f"master-{T2V}", "a futuristic drone flying through neon-lit streets at night")

# Every example of an order in APIXO's pages, but for the two that list all fields with "..." in them.
DOCUMENTED: dict[str, Order] = {
    "kling-2-6.order-text-to-video": T2V_26,
    "kling-2-6.order-image-to-video-callback": an_order(
        K26, I2V, "animate this mountain view with moving clouds and wind sounds",
        sound=True, start_image="https://example.com/ref.jpg", route="official", callback_url=CALLBACK,
    ),
    "kling-2-5-turbo-pro.order-text-to-video-quickstart": but(DRONE, duration_seconds=5),
    "kling-2-5-turbo-pro.order-text-to-video": but(
        DRONE, negative_prompt="low quality, jitter, blur", cfg_scale=Decimal("0.6")
    ),
    "kling-2-5-turbo-pro.order-image-to-video": an_order(
        K25, I2V, "smooth camera transition from the first frame to the final frame",
        start_image=START, end_image=END, negative_prompt="distortion, low quality", cfg_scale=Decimal("0.4"),
    ),
    "kling-2-5-turbo-pro.order-image-to-video-callback": an_order(
        K25, I2V, "make the subject turn toward camera with smooth natural motion",
        start_image=START, cfg_scale=Decimal("0.5"), callback_url=WEBHOOK,
    ),
    "kling-2-5-turbo-pro-es.order-text-to-video": but(
        DRONE, negative_prompt="low quality, jitter", cfg_scale=Decimal("0.6")
    ),
    "kling-2-5-turbo-pro-es.order-image-to-video-callback": an_order(
        K25, I2V, "smooth camera transition from first to last frame",
        start_image="https://example.com/head.jpg", end_image="https://example.com/tail.jpg",
        cfg_scale=Decimal("0.4"), route="official", callback_url=CALLBACK,
    ),
    "kling-2-1.order-standard-image-to-video-quickstart": STILL_LIFE,
    "kling-2-1.order-standard-image-to-video": but(
        STILL_LIFE, negative_prompt="blur, low quality", cfg_scale=Decimal("0.6")
    ),
    "kling-2-1.order-pro-image-to-video": an_order(
        K21, f"pro-{I2V}", "city skyline timelapse from day to night", 10,
        start_image=START, end_image=END, cfg_scale=Decimal("0.4"),
    ),
    "kling-2-1.order-master-text-to-video": but(
        NEON, aspect_ratio="9:16", negative_prompt="grainy, noisy, static", cfg_scale=Decimal("0.3")
    ),
    "kling-2-1.order-master-image-to-video": an_order(
        K21, f"master-{I2V}", "turn this product photo into a premium cinematic reveal",
        start_image="https://example.com/product.jpg",
    ),
    "kling-2-1.order-master-text-to-video-callback": but(NEON, aspect_ratio="16:9", callback_url=WEBHOOK),
}  # fmt: skip
NOT_AN_ORDER = {"kling-2-6.order-all-fields", "kling-2-5-turbo-pro-es.order-all-fields"}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_an_order_is_written_as_in_the_documents(name: str) -> None:
    assert request_body(DOCUMENTED[name]) == sample(name)


def test_no_documented_order_is_left_out() -> None:
    assert DOCUMENTED.keys() | NOT_AN_ORDER == {path.stem for path in SAMPLES.glob("*.order-*.json")}


def test_what_was_not_chosen_is_not_sent() -> None:
    bare = an_order(K21, "m", "p")
    assert request_body(bare) == {"request_type": "async", "input": {"mode": "m", "prompt": "p", "duration": 5}}


def test_silence_is_a_choice_that_is_sent() -> None:
    assert request_body(but(T2V_26, sound=False))["input"]["sound"] is False


def test_no_guidance_is_a_choice_that_is_sent() -> None:
    assert request_body(but(DRONE, cfg_scale=Decimal(0)))["input"]["cfg_scale"] == 0
