"""The API of Apikley as its pages document it: that of KIE.ai, where even an error has HTTP status 200.

https://docs.apikley.ru: kling-api/Kling-2.6-text-to-video, kling-api/Kling-2.6-image-to-video,
get-task-detail, common-api/common-api_get-account-credits.
"""

import json
import random
from collections.abc import Mapping
from decimal import Decimal

from . import rules
from .provider_api import ProviderApi
from .rules import Refused
from .tasks import Order, Task
from .wire import Answer, Json, Request, as_json, for_task, milliseconds

CREATE, DETAILS, CREDIT = "/api/v1/jobs/createTask", "/api/v1/jobs/recordInfo", "/api/v1/chat/credit"
MODELS = ("kling-2.6/text-to-video", "kling-2.6/image-to-video")
LONGEST_PROMPT = 1000
# Credits for 5 and 10 seconds; sound doubles them. KIE's figures: Apikley's own are on no page.
CREDITS = {5: Decimal(55), 10: Decimal(110)}
TYPICAL = {5: (50.0, 70.0), 10: (80.0, 100.0)}  # no page has them: the same model at APIXO
QUEUING_SHARE = 0.04  # of the generation time: "waiting" until here, then "queuing" until the task is processing
# Phase -> state. Their documents do not have the state of the phase "unknown".
STATES = {"processing": "generating", "unknown": "processing_r2", "success": "success", "failed": "fail"}
# kind of refusal -> code and msg.
REFUSALS = {
    "key": (401, "You do not have access permissions"),
    "money": (402, "The current credits are insufficient. Please top up."),
    "path": (404, "Not Found"),
    "unknown": (422, "recordInfo is null"),
    "busy": (429, "Rate Limit Exceeded"),
    "server": (500, "Server Error"),
    "not generated": (501, "Generation Failed"),
    "maintenance": (455, "Service Unavailable"),
    "disabled": (505, "Function Disabled"),
    # On no page of theirs.
    "access": (403, "You do not have access to this model"),
    "content": (403, "The content was rejected"),
    "unavailable": (503, "Service Unavailable"),
    "timeout": (504, "Gateway Timeout"),
}
INVALID = 422  # "Request parameters failed validation"


class Apikley(ProviderApi):
    """The practice version of https://api.apikley.ru."""

    image_formats = ("JPEG", "PNG")

    def answer(self, request: Request) -> Answer | None:
        routes = {
            CREATE: ("POST", self._create),
            DETAILS: ("GET", self._details),
            CREDIT: ("GET", self._credit),
        }
        if request.path not in routes:
            return None
        method, handler = routes[request.path]
        if not self.has_key(request):
            return self.refuse("key")
        if request.method != method:
            return self.refuse("path")
        return handler(request)

    def refuse(self, kind: str, detail: str = "", *, model: str = "", retry_seconds: int = 0) -> Answer:
        code, msg = REFUSALS.get(kind, (INVALID, detail or "Validation Error"))
        headers = {"Retry-After": str(retry_seconds)} if retry_seconds else {}
        return as_json(200, {"code": code, "msg": msg, "data": None}, headers)

    def acceptance(self, task_id: str) -> Answer:
        return as_json(200, _success({"taskId": task_id} if task_id else None))

    def new_id(self) -> str:
        # The example on the page ends in 13 digits, which are milliseconds; random digits make ids unique.
        return f"task_kling-2.6_{milliseconds(self.orders.now())}{random.randrange(10**6):06d}"  # noqa: S311

    def callback_payload(self, task: Task) -> Json:
        """Return the status data; unlike a status answer, a failed task has code 501, and costTime is in seconds."""
        phase = task.phase(self.orders.now())
        data = self._data(task, phase, counted=False)
        data["costTime"] = round(data["costTime"] / 1000)
        if phase == "failed":
            return {"code": 501, "msg": "Playground task failed.", "data": data | {"resultJson": None}}
        data |= {"failCode": None, "failMsg": None}
        return {"code": 200, "msg": "Playground task completed successfully.", "data": data}

    def _create(self, request: Request) -> Answer:
        wait = self.orders.requests.take(self.orders.now())
        if wait:
            return self.refuse("busy", retry_seconds=wait)
        try:
            order = read(request.body)
        except Refused as refused:
            return self.refuse(refused.kind, refused.detail)
        return self.place(order)

    def _credit(self, request: Request) -> Answer:
        return as_json(200, _success(float(self.orders.balance())))

    def _details(self, request: Request) -> Answer:
        task_id = request.query.get("taskId", "")
        found = self.visible(task_id) if task_id else None
        if not task_id:
            return self.refuse("missing", "taskId is required")
        if found is None:
            return for_task(self.refuse("unknown"), task_id)
        return for_task(as_json(200, _success(self._data(*found, counted=True))), task_id)

    def _data(self, task: Task, phase: str, *, counted: bool) -> dict[str, Json]:
        failed, done = phase == "failed", task.finished_at
        data: dict[str, Json] = {
            "taskId": task.id,
            "model": task.model,
            "state": self._state(task, phase),
            "param": task.param,
            "resultJson": self.result(task, counted=counted) if phase == "success" else "",
            "failCode": task.faults.fail_code if failed else "",
            "failMsg": task.faults.fail_message if failed else "",
            "costTime": milliseconds(done) - milliseconds(task.created_at) if done is not None else None,
            "completeTime": milliseconds(done) if done is not None else None,
            "createTime": milliseconds(task.created_at),
            "updateTime": milliseconds(done if done is not None else self.orders.now()),
        }
        if phase == "success":
            data["creditsConsumed"] = float(task.price)
        return data

    def _state(self, task: Task, phase: str) -> str:
        if phase == "pending":
            return "waiting" if task.progress(self.orders.now()) < QUEUING_SHARE else "queuing"
        return STATES[phase]


def read(raw: bytes) -> Order:
    """Return the order in a request's body. Raises: Refused."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(rules.TYPE, "The request body is not a JSON object")
    model = rules.choice(body, "model", MODELS)
    callback_url = rules.callback(body, "callBackUrl", public=False) if body.get("callBackUrl") else ""
    given = rules.mapping(body, "input")
    seconds = rules.duration(given, numbers=False, strings=True)
    sound = rules.flag(given, "sound")
    return Order(
        provider="apikley",
        model=model,
        prompt=rules.text(given, "prompt", most=LONGEST_PROMPT),
        seconds=seconds,
        sound=sound,
        price=CREDITS[seconds] * (2 if sound else 1),
        typical=TYPICAL[seconds],
        callback_url=callback_url,
        param=json.dumps(body, ensure_ascii=False),
        **_picture(given, from_text=model == MODELS[0]),
    )


def _picture(given: Mapping[str, Json], *, from_text: bool) -> dict[str, Json]:
    if from_text:
        return {"ratio": rules.choice(given, "aspect_ratio", ("1:1", "16:9", "9:16"))}
    return {"ratio": "", "image_urls": rules.image_urls(given, least=1, most=1, public=True)}


def _success(data: Json) -> Json:
    return {"code": 200, "msg": "success", "data": data}
