"""APIXO: paths, fields, words. From its pages of Kling 2.6, 2.5 Turbo Pro and 2.1, read 2026-11-20."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from generations.providers.base import Order, RemoteState, RemoteTask, Value
from generations.providers.envelope import REFUSALS, Envelope
from generations.providers.errors import FailureKind, ServerTrouble
from generations.providers.http import ApiClient
from generations.translation import gettext_noop

# https://apixo.ai/docs: "Current task state: pending, processing, success, or failed." Any other word means working.
STATES = {
    "pending": RemoteState.WORKING,
    "processing": RemoteState.WORKING,
    "success": RemoteState.DONE,
    "failed": RemoteState.FAILED,
}

# failCode, in the older naming (Kling 2.6) and the newer one (2.5, 2.1). An open set: others are FailureKind.UNKNOWN.
FAIL_CODES = {
    "CONTENT_VIOLATION": FailureKind.CONTENT,
    "NSFW_DETECTED": FailureKind.CONTENT,
    "SensitiveContent": FailureKind.CONTENT,
    "SensitiveContentDetected": FailureKind.CONTENT,
    "InputImageSensitiveContentDetected": FailureKind.CONTENT,
    "InputOutputSensitiveContentDetected": FailureKind.CONTENT,
    "NSFW": FailureKind.CONTENT,
    "ProhibitedContentDetected": FailureKind.CONTENT,
    "PromptInvalid": FailureKind.CONTENT,  # "failed safety checks": change the words
    "PROMPT_TOO_LONG": FailureKind.INPUT,
    "INVALID_PROMPT": FailureKind.INPUT,
    "INVALID_IMAGE_URL": FailureKind.INPUT,
    "IMAGE_TOO_LARGE": FailureKind.INPUT,
    "UNSUPPORTED_FORMAT": FailureKind.INPUT,
    "IMAGE_DOWNLOAD_FAILED": FailureKind.INPUT,
    "PromptLengthExceeded": FailureKind.INPUT,
    "ImageNotAccess": FailureKind.INPUT,
    "ImageFormatIncorrect": FailureKind.INPUT,
    "Upload error": FailureKind.INPUT,
    "Missing required parameter": FailureKind.INPUT,
    "Invalid parameter type": FailureKind.INPUT,
    "Invalid parameter value": FailureKind.INPUT,
    "Param length exceeded": FailureKind.INPUT,
    "PROCESSING_TIMEOUT": FailureKind.PROVIDER,
    "MODEL_UNAVAILABLE": FailureKind.PROVIDER,
    "GENERATION_FAILED": FailureKind.PROVIDER,
    "RateLimited": FailureKind.PROVIDER,
    "Timeout": FailureKind.PROVIDER,
    "Unknown error": FailureKind.PROVIDER,
    "INSUFFICIENT_CREDITS": FailureKind.ACCOUNT,
}
# What the pages say to do about a failure ("What to do", "Fix"), without the names of fields that staff never see. The
# codes of the older naming stand on no page with an advice: they take that of the newer ones.
CHANGE = gettext_noop("Change the prompt or the picture.")
REACHABLE = gettext_noop("Use a public, direct web address of the picture, not a private or local one.")
PUBLIC_IMAGE = gettext_noop("Use a JPG, PNG or WebP picture at a public address.")
SMALLER = gettext_noop("Compress the picture, and use its direct address.")
SHORTER = gettext_noop("Shorten the prompt.")
LATER = gettext_noop("Try again later, each time after a longer wait.")
SIMPLER = gettext_noop(
    "Try again with a simpler order or simpler pictures, or be told by the provider instead of checking."
)
ADVICE = {
    **dict.fromkeys(["CONTENT_VIOLATION", "NSFW_DETECTED", "SensitiveContent", "SensitiveContentDetected"], CHANGE),
    **dict.fromkeys(["InputImageSensitiveContentDetected", "InputOutputSensitiveContentDetected"], CHANGE),
    **dict.fromkeys(["NSFW", "ProhibitedContentDetected"], CHANGE),
    **dict.fromkeys(
        ["PromptInvalid", "INVALID_PROMPT"], gettext_noop("Rewrite the prompt with clearer, safe content.")
    ),
    **dict.fromkeys(["PromptLengthExceeded", "PROMPT_TOO_LONG"], SHORTER),
    "Param length exceeded": gettext_noop("Shorten the prompt or the negative prompt, or send fewer pictures."),
    **dict.fromkeys(["ImageNotAccess", "INVALID_IMAGE_URL", "IMAGE_DOWNLOAD_FAILED"], REACHABLE),
    **dict.fromkeys(["ImageFormatIncorrect", "UNSUPPORTED_FORMAT"], PUBLIC_IMAGE),
    **dict.fromkeys(["Upload error", "IMAGE_TOO_LARGE"], SMALLER),
    "Missing required parameter": gettext_noop("Fill in what is missing."),
    "Invalid parameter type": gettext_noop(
        "Check the prompt, the duration, the pictures, the aspect ratio and the CFG scale."
    ),
    "Invalid parameter value": gettext_noop("Check the mode, the duration, the aspect ratio and the CFG scale."),
    **dict.fromkeys(["RateLimited", "MODEL_UNAVAILABLE"], LATER),
    **dict.fromkeys(["Timeout", "PROCESSING_TIMEOUT"], SIMPLER),
    "Unknown error": gettext_noop("Try again later. If it persists, ask their support, with the provider's task id."),
    "INSUFFICIENT_CREDITS": gettext_noop("Add balance there, or use another key."),
    # The HTTP status of a refused order. What a 403 is about, and so what to do, follows from its words.
    "400": gettext_noop("Change the order before you try again."),
}
NAMES = {"images": "image_urls", "video": "video_urls"}  # ours -> theirs; `route` is not among the input at all
ENVELOPE = Envelope(
    text_fields=("message",),
    id_fields=("taskId",),
    codes={**REFUSALS, 500: ServerTrouble, 502: ServerTrouble, 503: ServerTrouble},
    no_money=re.compile(r"insufficient[ _](credit|balance|quota)", re.IGNORECASE),
    no_money_codes=frozenset({400}),  # on the older pages; on the newer ones it is 402
    states=STATES,
    fail_codes=FAIL_CODES,
)


class Apixo:
    """The adapter of APIXO; every method raises ProviderError and nothing else."""

    name = "apixo"
    unit = "USD"

    def __init__(self, base_url: str, api_key: str) -> None:
        self.client = ApiClient(base_url, api_key)

    def submit(self, order: Order) -> str:
        """Order by POST /generateTask/{model}, which costs money and has no idempotency key; return the id."""
        return ENVELOPE.read_id(self.client.post(f"/generateTask/{quote(order.model, safe='')}", request_body(order)))

    def body(self, order: Order) -> dict[str, Any]:
        """Return the JSON that `submit` sends."""
        return request_body(order)

    def fetch(self, *, model: str, remote_id: str) -> RemoteTask:
        """Poll by GET /statusTask/{model}?taskId=; the model must be that of the order."""
        answer = self.client.get(f"/statusTask/{quote(model, safe='')}", taskId=remote_id)
        return ENVELOPE.read_status(answer, remote_id=remote_id)

    def balance(self) -> Decimal:
        """Read GET /apikeys/current-balance: USD, a bare number."""
        return ENVELOPE.read_balance(self.client.get("/apikeys/current-balance"))


def request_body(order: Order) -> dict[str, Any]:
    """Return the documented JSON of an order; what was not chosen is left out."""
    chosen = {NAMES.get(name, name): _value(name, value) for name, value in order.parameters.items() if name != "route"}
    body: dict[str, Any] = {"request_type": "callback" if order.callback_url else "async"}
    if order.callback_url:
        body["callback_url"] = order.callback_url
    if order.route:
        body["provider"] = order.route
    body["input"] = {"mode": order.mode, **chosen}
    return body


def _value(name: str, value: Value) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return [value] if name == "video" else list(value) if isinstance(value, tuple) else value
