"""Apikley: paths, fields, words. The API of KIE.ai, where even a refusal travels with HTTP status 200.

From https://docs.apikley.ru, read 2026-11-20: kling-api/Kling-2.6-text-to-video, kling-api/Kling-2.6-image-to-video,
get-task-detail, common-api/common-api_get-account-credits.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from generations.providers import offers
from generations.providers.base import Order, RemoteState, RemoteTask, Value
from generations.providers.envelope import REFUSALS, Envelope, clock_of, is_plain, own_code, speaks, text
from generations.providers.errors import AccountProblem, Busy, FailureKind, OutcomeUnknown, Rejected, ServerTrouble
from generations.providers.http import Answer, ApiClient
from generations.translation import gettext_noop

NAMES = {"images": "image_urls", "video": "video_urls"}  # ours -> theirs

# What a code says of an order: kling-api/Kling-2.6-text-to-video, "Response Status Code". Not in this table, so that
# the outcome is unknown: 501 "Generation Failed - Content generation task execution failed" (then a task was made),
# 408 (no result came in time: likewise), and any that is new.
CODES = {
    **REFUSALS,
    # On no page of Apikley; at KIE: the key's usage limit is reached, so every other order fails too.
    433: AccountProblem,
    # "Service Unavailable - System is under maintenance": the request was not served, and the reason passes.
    455: Busy,
    # "Function Disabled - The requested function is temporarily unavailable": it never ran, and will work again.
    505: Busy,
    # "Server Error - Unexpected failure occurred while processing the request": so processing had begun. KIE sends
    # it for invalid parameters too; the two cannot be told apart.
    500: ServerTrouble,
    502: ServerTrouble,
    503: ServerTrouble,
}

# get-task-detail, "state".
STATES = {
    "waiting": RemoteState.WORKING,
    "queuing": RemoteState.WORKING,
    "generating": RemoteState.WORKING,
    "success": RemoteState.DONE,
    "fail": RemoteState.FAILED,
}
# failCode: no page lists them. Numbers such as "500" were seen too: see CODES.
FAIL_CODES = {"GENERATION_FAILED": FailureKind.PROVIDER}
ADVICE: dict[str, str] = {}  # nor does any page say what to do about one

# Codes of a poll that describe the task, not the poll: 501 as above; 408 at KIE, "upstream returned no
# result for over 10 minutes". Taken for a server error, they would be polled for ever.
DEAD = {408, 501}
# 422 is also "Request parameters failed validation"; with these words it means that the task is not visible (yet).
NOT_VISIBLE = re.compile(r"recordInfo is null|not found", re.IGNORECASE)

ENVELOPE = Envelope(
    text_fields=("msg", "message"),  # the OpenAPI text and its examples differ
    id_fields=("taskId", "task_id"),  # likewise
    codes=CODES,
    # "The current credits are insufficient. Please top up.": 402 here, and 429 in a sister API: do not wait.
    no_money=re.compile(r"credits? (is |are )?insufficient|insufficient[ _](credit|balance)", re.IGNORECASE),
    no_money_codes=frozenset({400, 422, 429}),
    states=STATES,
    fail_codes=FAIL_CODES,
)


class Apikley:
    """The adapter of Apikley; every method raises ProviderError and nothing else."""

    name = "apikley"
    unit = gettext_noop("credits")

    def __init__(self, base_url: str, api_key: str) -> None:
        self.client = ApiClient(base_url, api_key)

    def submit(self, order: Order) -> str:
        """Order by POST /jobs/createTask, which costs money and has no idempotency key; return the id."""
        return ENVELOPE.read_id(self.client.post("/jobs/createTask", request_body(order)))

    def body(self, order: Order) -> dict[str, Any]:
        """Return the JSON that `submit` sends."""
        return request_body(order)

    def fetch(self, *, model: str, remote_id: str) -> RemoteTask:
        """Poll by GET /jobs/recordInfo?taskId=, which is the same for every model."""
        return read_status(self.client.get("/jobs/recordInfo", taskId=remote_id), remote_id=remote_id)

    def balance(self) -> Decimal:
        """Read GET /chat/credit: credits, a bare number."""
        return ENVELOPE.read_balance(self.client.get("/chat/credit"))


def request_body(order: Order) -> dict[str, Any]:
    """Return the documented JSON of an order, without what was not chosen. Raises: Rejected for an unknown model."""
    offer = offers.find(order.provider, order.model, order.mode)
    if offer is None or not offer.remote_model:
        raise Rejected(f"Apikley has no {order.model} {order.mode}", kind=FailureKind.INPUT)
    body: dict[str, Any] = {"model": offer.remote_model}
    if order.callback_url:
        body["callBackUrl"] = order.callback_url
    body["input"] = {NAMES.get(name, name): _value(name, value) for name, value in order.parameters.items()}
    return body


def _value(name: str, value: Value) -> Any:
    if name == "duration":
        return str(value)  # a number is said to be ignored silently
    if isinstance(value, Decimal):
        return float(value)
    return [value] if name == "video" else list(value) if isinstance(value, tuple) else value


def read_status(answer: Answer, *, remote_id: str) -> RemoteTask:
    """Return the task of a status answer, whose code may also tell that the task failed."""
    code = own_code(answer)
    if code in DEAD and is_plain(answer):
        return _read_dead(answer, remote_id=remote_id)
    if code == 422 and speaks(answer) and NOT_VISIBLE.search(ENVELOPE.words(answer)):
        return RemoteTask(state=RemoteState.UNSEEN, raw_state="422", error_message=ENVELOPE.words(answer))
    return ENVELOPE.read_status(answer, remote_id=remote_id)


def _read_dead(answer: Answer, *, remote_id: str) -> RemoteTask:
    """Return the failure of a task whose envelope's code says so; `data` describes it more exactly."""
    code, data = str(own_code(answer)), (answer.body or {}).get("data")
    task: dict[str, Any] = data if isinstance(data, dict) else {}
    ENVELOPE.check_task(answer, task, remote_id)
    if STATES.get(text(task.get("state"), 50), RemoteState.FAILED) is not RemoteState.FAILED:
        raise OutcomeUnknown(f"dead by its code, alive by its state: {answer.excerpt}", code=code)
    fail_code = text(task.get("failCode"), 100) or code
    return RemoteTask(
        state=RemoteState.FAILED,
        raw_state=code,
        error_kind=FAIL_CODES.get(fail_code, FailureKind.PROVIDER),
        error_code=fail_code,
        error_message=text(task.get("failMsg"), 2000) or ENVELOPE.words(answer),
        **clock_of(task),
    )
