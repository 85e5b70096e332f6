"""APIXO: paths, fields, words. From its pages of Kling 2.6, 2.5 Turbo Pro and 2.1, read 2026-11-20."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from generations.providers.base import REMOTE_ID, Order, RemoteState, Report, storable
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
NO_MONEY = re.compile(r"insufficient[ _](credit|balance|quota)", re.IGNORECASE)  # the older pages give it code 400
RESULT_URL = re.compile(r"https?://[^\s\x00-\x20\x7f\ud800-\udfff]{1,1980}", re.IGNORECASE)
BALANCE_MAX_USD = Decimal(10) ** 9  # what is more is not a balance


class Apixo:
    """The adapter; every method raises a ProviderError and nothing else."""

    name = "apixo"

    def __init__(self, base_url: str, api_key: str) -> None:
        self.client = ApiClient(base_url, api_key)

    def submit(self, order: Order) -> str:
        """POST /generateTask/{model}: costs money, and has no idempotency key."""
        return read_id(self.client.post(f"/generateTask/{quote(order.model, safe='')}", request_body(order)))

    def fetch(self, *, model: str, remote_id: str) -> Report:
        """GET /statusTask/{model}?taskId=: the model must be the one that the order went to."""
        answer = self.client.get(f"/statusTask/{quote(model, safe='')}", taskId=remote_id)
        return read_status(answer, remote_id=remote_id)

    def balance(self) -> Decimal:
        """GET /apikeys/current-balance: USD, a bare number."""
        return read_balance(self.client.get("/apikeys/current-balance"))


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


def read_id(answer: Answer) -> str:
    """The id of an accepted order; whatever is neither a plain yes nor a plain no raises OutcomeUnknown."""
    data = answer.body.get("data") if answer.body else None
    task_id = data.get("taskId") if isinstance(data, dict) else None
    usable = isinstance(task_id, str) and REMOTE_ID.fullmatch(task_id) is not None
    if not _is_yes(answer):
        if task_id not in (None, ""):  # no refusal carries an id: something may have been made under it
            raise OutcomeUnknown(f"HTTP {answer.status}, a refusal with an id: {answer.excerpt}", code="refused id")
        raise _error(answer)
    if not usable:
        raise OutcomeUnknown(f"accepted, but without a usable id: {answer.excerpt}", code="no id")
    return str(task_id)


def read_status(answer: Answer, *, remote_id: str) -> Report:
    """A status answer: documented for an unknown task is 404; `data: null` is taken to say the same."""
    if answer.body is not None and _code(answer) == 404:
        return Report(state=RemoteState.UNSEEN, raw_state="404")
    if not _is_yes(answer):
        raise _error(answer)
    body = answer.body or {}
    data = body.get("data", "absent")
    if data is None or data == {}:
        return Report(state=RemoteState.UNSEEN, raw_state="no data")
    if not isinstance(data, dict):
        raise OutcomeUnknown(f"not a task: {answer.excerpt}", code="no task")
    if data.get("taskId") not in (None, remote_id):
        raise OutcomeUnknown(f"not the task that was asked for: {answer.excerpt}", code="other task")
    return read_report(data)


def read_balance(answer: Answer) -> Decimal:
    if not _is_yes(answer):
        raise _error(answer)
    value = (answer.body or {}).get("data")
    try:
        # As text first: 74.87 shall not become 74.8700000000000045.
        usd = Decimal(str(value)) if isinstance(value, int | float | str) else None
    except InvalidOperation:
        usd = None
    if usd is None or not usd.is_finite() or not -BALANCE_MAX_USD <= usd <= BALANCE_MAX_USD:
        raise OutcomeUnknown(f"not a balance: {answer.excerpt}", code="no balance")
    return usd


def read_report(data: dict[str, Any]) -> Report:
    """Their `data` object in our words; what does not fit is read as "not finished"."""
    raw_state = _text(data.get("state"), 50)
    state = STATES.get(raw_state, RemoteState.WORKING)
    if state is RemoteState.FAILED:
        code = _text(data.get("failCode"), 100)
        return Report(
            state=state,
            raw_state=raw_state,
            error_kind=FAIL_CODES.get(code, Kind.UNKNOWN),
            error_code=code,
            error_message=_text(data.get("failMsg"), 2000),
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
    return tuple(dict.fromkeys(url for url in urls if isinstance(url, str) and RESULT_URL.fullmatch(url)))


def _own_code(answer: Answer) -> int | None:
    """The envelope's `code`; None when it has none that is a number."""
    code = answer.body.get("code") if answer.body else None
    if isinstance(code, str) and code.isdecimal() and len(code) < 6:
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _code(answer: Answer) -> int:
    """The envelope's `code`, which outranks the HTTP status where they differ."""
    own = _own_code(answer)
    return answer.status if own is None else own


def _is_yes(answer: Answer) -> bool:
    return answer.body is not None and _code(answer) == 200 and 200 <= answer.status < 300


def _error(answer: Answer) -> ProviderError:
    """What an answer means that is not a plain yes."""
    words = _words(answer)
    if answer.body is None or 300 <= answer.status < 400:
        if answer.status == 429:
            return Busy(words, code="429", retry_after_seconds=answer.retry_after_seconds)
        if answer.status in (401, 402):
            return AccountProblem(words, code=str(answer.status))
        return OutcomeUnknown(
            f"HTTP {answer.status}, not an answer of the API: {answer.excerpt or words}", code=str(answer.status)
        )
    code = _code(answer)
    if code == 429:
        return Busy(words, code="429", retry_after_seconds=answer.retry_after_seconds)
    if code in (401, 402) or (code == 400 and NO_MONEY.search(words)):
        return AccountProblem(words, code=str(code))
    if code in (400, 403, 404, 413, 422):
        return Rejected(words, code=str(code), kind=_kind_of(words, code))
    if _own_code(answer) in (500, 502, 503):  # a gateway's JSON without a `code` proves nothing
        return ServerTrouble(words, code=str(code))
    # Kept whole: a task id in it helps the person who has to decide.
    return OutcomeUnknown(f"HTTP {answer.status}: {answer.excerpt}", code=str(code))


def _words(answer: Answer) -> str:
    """The provider's message; its newer pages put the detail into `data.error`."""
    if answer.body is None:
        return answer.excerpt or f"HTTP {answer.status} without a body"
    data = answer.body.get("data")
    detail = data.get("error") if isinstance(data, dict) else None
    parts = [_text(part, 1000) for part in (answer.body.get("message"), detail)]
    return ": ".join(part for part in parts if part) or f"code {_code(answer)} without a message"


def _text(value: object, limit: int) -> str:
    """A field that should be a text: a number is written out, anything else is left out."""
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return storable(text, limit)


def _kind_of(words: str, code: int) -> Kind:
    """The newest pages say that failure codes may also stand in an immediate refusal."""
    named = (kind for name, kind in FAIL_CODES.items() if name.lower() in words.lower())
    return next(named, Kind.ACCOUNT if code == 403 else Kind.INPUT)
