"""APIXO: paths, fields, words. From its pages of Kling 2.6, 2.5 Turbo Pro and 2.1, read 2026-11-20."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from generations.providers.base import REMOTE_ID, Order, RemoteState, Report
from generations.providers.errors import (
    AccountProblem,
    Busy,
    Kind,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    ServerTrouble,
)
from generations.providers.http import Answer, ApiClient

# https://apixo.ai/docs: "Current task state: pending, processing, success, or failed." Any other word means working.
STATES = {
    "pending": RemoteState.WORKING,
    "processing": RemoteState.WORKING,
    "success": RemoteState.DONE,
    "failed": RemoteState.FAILED,
}

# failCode, in the older naming (Kling 2.6) and the newer one (2.5, 2.1). An open set: others are Kind.UNKNOWN.
FAIL_CODES = {
    "CONTENT_VIOLATION": Kind.CONTENT,
    "NSFW_DETECTED": Kind.CONTENT,
    "SensitiveContent": Kind.CONTENT,
    "SensitiveContentDetected": Kind.CONTENT,
    "InputImageSensitiveContentDetected": Kind.CONTENT,
    "InputOutputSensitiveContentDetected": Kind.CONTENT,
    "NSFW": Kind.CONTENT,
    "ProhibitedContentDetected": Kind.CONTENT,
    "PROMPT_TOO_LONG": Kind.INPUT,
    "INVALID_PROMPT": Kind.INPUT,
    "INVALID_IMAGE_URL": Kind.INPUT,
    "IMAGE_TOO_LARGE": Kind.INPUT,
    "UNSUPPORTED_FORMAT": Kind.INPUT,
    "IMAGE_DOWNLOAD_FAILED": Kind.INPUT,
    "PromptInvalid": Kind.INPUT,
    "PromptLengthExceeded": Kind.INPUT,
    "ImageNotAccess": Kind.INPUT,
    "ImageFormatIncorrect": Kind.INPUT,
    "Upload error": Kind.INPUT,
    "Missing required parameter": Kind.INPUT,
    "Invalid parameter type": Kind.INPUT,
    "Invalid parameter value": Kind.INPUT,
    "Param length exceeded": Kind.INPUT,
    "PROCESSING_TIMEOUT": Kind.PROVIDER,
    "MODEL_UNAVAILABLE": Kind.PROVIDER,
    "GENERATION_FAILED": Kind.PROVIDER,
    "RateLimited": Kind.PROVIDER,
    "Timeout": Kind.PROVIDER,
    "Unknown error": Kind.PROVIDER,
    "INSUFFICIENT_CREDITS": Kind.ACCOUNT,
}
NO_MONEY = re.compile(r"insufficient (credit|balance|quota)", re.IGNORECASE)  # the older pages say it with code 400


class Apixo:
    """The adapter; every method raises a ProviderError and nothing else."""

    name = "apixo"

    def __init__(self, base_url: str, api_key: str) -> None:
        self.client = ApiClient(base_url, api_key)

    def submit(self, order: Order) -> str:
        """POST /generateTask/{model}: costs money, and has no idempotency key."""
        answer = self.client.post(f"/generateTask/{order.model}", request_body(order))
        _raise_for(answer)
        data = answer.body.get("data") if answer.body else None
        task_id = data.get("taskId") if isinstance(data, dict) else None
        if not isinstance(task_id, str) or not REMOTE_ID.fullmatch(task_id):
            raise OutcomeUnknown(f"accepted, but without a usable id: {answer.excerpt}", code="no id")
        return task_id

    def fetch(self, *, model: str, remote_id: str) -> Report:
        """GET /statusTask/{model}?taskId=: the model must be the one that the order went to."""
        answer = self.client.get(f"/statusTask/{model}", taskId=remote_id)
        if answer.body is not None and _code(answer) == 404:
            return Report(state=RemoteState.UNSEEN, raw_state="404")
        _raise_for(answer)
        data = answer.body.get("data") if answer.body else None
        if not isinstance(data, dict) or not data:
            return Report(state=RemoteState.UNSEEN, raw_state="no data")
        return read_report(data)

    def balance(self) -> Decimal:
        """GET /apikeys/current-balance: USD, a bare number."""
        answer = self.client.get("/apikeys/current-balance")
        _raise_for(answer)
        try:
            return Decimal(str((answer.body or {})["data"]))
        except (KeyError, InvalidOperation) as error:
            raise OutcomeUnknown(f"not a balance: {answer.excerpt}") from error


def request_body(order: Order) -> dict[str, Any]:
    """The documented JSON of an order; what was not chosen is not sent."""
    images = [url for url in (order.start_image, order.end_image) if url]
    chosen = {
        "mode": order.mode,
        "prompt": order.prompt,
        "duration": order.duration_seconds,
        "sound": order.sound,
        "aspect_ratio": order.aspect_ratio or None,
        "image_urls": images or None,
        "negative_prompt": order.negative_prompt or None,
        "cfg_scale": None if order.cfg_scale is None else float(order.cfg_scale),
    }
    body: dict[str, Any] = {"request_type": "callback" if order.callback_url else "async"}
    if order.callback_url:
        body["callback_url"] = order.callback_url
    if order.route:
        body["provider"] = order.route
    body["input"] = {key: value for key, value in chosen.items() if value is not None}
    return body


def read_report(data: dict[str, Any]) -> Report:
    """Their `data` object in our words; what does not fit is read as "not finished"."""
    raw_state = str(data.get("state", ""))[:50]
    state = STATES.get(raw_state, RemoteState.WORKING)
    if state is RemoteState.FAILED:
        code = str(data.get("failCode") or "")[:100]
        return Report(
            state=state,
            raw_state=raw_state,
            error_kind=FAIL_CODES.get(code, Kind.UNKNOWN),
            error_code=code,
            error_message=str(data.get("failMsg") or "")[:2000],
        )
    if state is RemoteState.DONE:
        urls = result_urls(data.get("resultJson"))
        # Seen in the wild: success before the URLs are there. Not finished, then.
        return Report(state=state if urls else RemoteState.WORKING, raw_state=raw_state, result_urls=urls)
    return Report(state=state, raw_state=raw_state)


def result_urls(result: Any) -> tuple[str, ...]:
    """The URLs of a `resultJson`, documented as a JSON string and seen as an object; each once, http(s) only."""
    if isinstance(result, str):
        try:
            result = json.loads(result)
        except (ValueError, RecursionError):
            return ()
    urls = result.get("resultUrls") if isinstance(result, dict) else None
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(urls, list):
        return ()
    fit = (url for url in urls if isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) < 2000)
    return tuple(dict.fromkeys(fit))


def _code(answer: Answer) -> int:
    """The envelope's `code`, which outranks the HTTP status where they differ."""
    code = answer.body.get("code") if answer.body else None
    if isinstance(code, str) and code.isdecimal() and len(code) < 6:
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else answer.status


def _raise_for(answer: Answer) -> None:
    """Raise what an answer means when it is not a plain yes."""
    code = _code(answer)
    if answer.body is not None and code == 200 and 200 <= answer.status < 300:
        return
    raise _error(answer, code)


def _error(answer: Answer, code: int) -> ProviderError:
    words = _words(answer)
    if answer.body is None or 300 <= answer.status < 400:
        if answer.status == 429:
            return Busy(words, code="429", retry_after_seconds=answer.retry_after_seconds)
        if answer.status == 401:
            return AccountProblem(words, code="401")
        return OutcomeUnknown(f"HTTP {answer.status}, not an answer of the API: {words}", code=str(answer.status))
    if code == 429:
        return Busy(words, code="429", retry_after_seconds=answer.retry_after_seconds)
    if code in (401, 402) or (code == 400 and NO_MONEY.search(words)):
        return AccountProblem(words, code=str(code))
    if code in (400, 403, 404, 413, 422):
        return Rejected(words, code=str(code), kind=_kind_of(words, code))
    if code in (500, 502, 503):
        return ServerTrouble(words, code=str(code))
    # Kept whole: a task id in it helps the person who has to decide.
    return OutcomeUnknown(f"HTTP {answer.status}: {answer.excerpt}", code=str(code))


def _words(answer: Answer) -> str:
    """The provider's message; its newer pages put the detail into `data.error`."""
    if answer.body is None:
        return answer.excerpt or f"HTTP {answer.status} without a body"
    data = answer.body.get("data")
    detail = data.get("error") if isinstance(data, dict) else None
    parts = [str(part) for part in (answer.body.get("message"), detail) if part]
    return ": ".join(parts)[:2000] or f"code {_code(answer)} without a message"


def _kind_of(words: str, code: int) -> Kind:
    """The newest pages say that failure codes may also stand in an immediate refusal."""
    named = (kind for name, kind in FAIL_CODES.items() if name.lower() in words.lower())
    return next(named, Kind.ACCOUNT if code == 403 else Kind.INPUT)
