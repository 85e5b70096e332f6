"""The API of APIXO as its pages document it: paths, envelope, states and wording.

https://apixo.ai/docs: the model pages kling-2-1, kling-2-5-turbo-pro, kling-2-6; api-reference/response-format,
/errors, /webhooks, /system.
"""

import json
import uuid
from http import HTTPStatus

from .apixo_models import MODELS, Model
from .provider_api import ProviderApi
from .rules import Refused
from .tasks import Order, Task
from .wire import Answer, Json, Request, as_json, for_task, milliseconds

PREFIX = "/api/v1/"
# Phase -> state. Their documents do not have the state of the phase "unknown"; a client has seen it.
STATES = {
    "pending": "pending",
    "processing": "processing",
    "unknown": "processing_r2",
    "success": "success",
    "failed": "failed",
}
# kind of refusal -> HTTP status (which `code` repeats) and message.
REFUSALS = {
    "key": (401, "Invalid or missing API key"),
    "money": (402, "Insufficient balance or quota"),
    "unknown": (404, "Task ID or route not found"),
    "method": (405, "Method not allowed"),
    "busy": (429, "Rate limit exceeded"),
    "access": (403, "Key or route cannot access the model"),
    "content": (403, "The content was rejected"),
    "server": (500, "Server error"),
    "not generated": (500, "Server error"),
    "unavailable": (503, "Service temporarily unavailable"),
    "maintenance": (503, "Service temporarily unavailable"),
    "disabled": (503, "Service temporarily unavailable"),
    "timeout": (504, "Upstream timeout"),
    "reject": (400, "Invalid request body"),
    "missing": (400, "Missing required parameter"),
    "type": (400, "Invalid parameter type"),
    "value": (400, "Invalid parameter value"),
    "length": (400, "Param length exceeded"),
    "image unreachable": (400, "ImageNotAccess"),
    "image format": (400, "ImageFormatIncorrect"),
    "image size": (400, "Upload error"),
}
OLD_MONEY = (400, "Insufficient credits")  # on the page of kling-2-6
# The old pages (kling-2-6) have one sentence for all rules and other names for bad images.
OLD_IMAGE_CODES = {
    "image unreachable": "INVALID_IMAGE_URL",
    "image format": "UNSUPPORTED_FORMAT",
    "image size": "IMAGE_TOO_LARGE",
}


class Apixo(ProviderApi):
    """The practice version of https://api.apixo.ai."""

    image_formats = ("JPEG", "PNG", "WEBP")

    def answer(self, request: Request) -> Answer | None:
        verb, _, rest = request.path.removeprefix(PREFIX).partition("/")
        if not request.path.startswith(PREFIX) or verb not in ("generateTask", "statusTask", "apikeys"):
            return None
        if not self.has_key(request):
            # On the page about authentication this refusal has no `data`.
            return as_json(401, {"code": 401, "message": REFUSALS["key"][1]})
        wait = self.orders.requests.take(self.orders.now())
        if wait:
            return self.refuse("busy", retry_seconds=wait)
        if (verb, rest) == ("apikeys", "current-balance"):
            return self._balance(request)
        if rest not in MODELS:
            return self.refuse("unknown", f"Unknown model: {rest}")
        if verb == "generateTask":
            return self._generate(request, MODELS[rest])
        return self._status(request, rest)

    def refuse(self, kind: str, detail: str = "", *, model: str = "", retry_seconds: int = 0) -> Answer:
        is_old = model in MODELS and MODELS[model].old_wording
        status, message = OLD_MONEY if kind == "money" and is_old else REFUSALS[kind]
        data: Json = {"error": detail} if detail and status in (400, 404) else None
        if status == HTTPStatus.BAD_REQUEST and is_old:
            sentence = f"{OLD_IMAGE_CODES.get(kind, 'Invalid parameters or request error')}: {detail}"
            message, data = message if kind == "money" else sentence, None
        headers = {"Retry-After": str(retry_seconds)} if retry_seconds else {}
        return as_json(status, {"code": status, "message": message, "data": data}, headers)

    def acceptance(self, task_id: str) -> Answer:
        return as_json(200, _success({"taskId": task_id} if task_id else None))

    def new_id(self) -> str:
        return uuid.uuid4().hex

    def callback_payload(self, task: Task) -> Json:
        """Return the status envelope; its code is 200 for a failed task too."""
        return _success(self._data(task, task.phase(self.orders.now()), counted=False))

    def _balance(self, request: Request) -> Answer:
        if request.method != "GET":
            return self.refuse("method")
        return as_json(200, _success(float(self.orders.balance())))

    def _generate(self, request: Request, model: Model) -> Answer:
        if request.method != "POST":
            return self.refuse("method")
        try:
            order = self._read(request, model)
        except Refused as refused:
            return self.refuse(refused.kind, refused.detail, model=model.name)
        return self.place(order)

    def _read(self, request: Request, model: Model) -> Order:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused("reject", "Content-Type must be application/json")
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            raise Refused("reject", "The body is not valid JSON") from None
        if not isinstance(body, dict):
            raise Refused("type", "The body must be a JSON object")
        return model.read(body)

    def _status(self, request: Request, model: str) -> Answer:
        if request.method != "GET":
            return self.refuse("method")
        task_id = request.query.get("taskId", "")
        if not task_id:
            return self.refuse("missing", "Missing required parameter: taskId")
        found = self.visible(task_id, model)
        if found is None:
            return for_task(self.refuse("unknown", "Task not found"), task_id)
        return for_task(as_json(200, _success(self._data(*found, counted=True))), task_id)

    def _data(self, task: Task, phase: str, *, counted: bool) -> dict[str, Json]:
        data: dict[str, Json] = {"taskId": task.id, "state": STATES[phase]}
        if phase == "success":
            data["resultJson"] = self.result(task, counted=counted)
        if phase == "failed":
            data |= {"failCode": task.faults.fail_code, "failMsg": task.faults.fail_message}
        data["createTime"] = milliseconds(task.created_at)
        if task.finished_at is not None:
            data["completeTime"] = milliseconds(task.finished_at)
            data["costTime"] = milliseconds(task.finished_at) - milliseconds(task.created_at)
        return data


def _success(data: Json) -> Json:
    return {"code": 200, "message": "success", "data": data}
