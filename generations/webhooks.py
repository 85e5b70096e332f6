"""Callbacks of the providers: a hint to look, never more. The GET that follows is the truth."""

from __future__ import annotations

import hashlib
import json

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations import watching
from generations.models import GenerationTask
from generations.models.tasks import CALLBACKS
from generations.providers.base import named_id

BODY_MAX_BYTES = 64 * 1024  # a final status has about 1 kB


@csrf_exempt  # providers have no session; the token in the address is what lets them in
@require_POST
def receive(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Keep the callback, make its task due, and answer at once."""
    task = _task_of(provider, token)
    if task is None:
        return JsonResponse({"error": "unknown"}, status=404)
    body = _body(request)
    if body is None:
        return JsonResponse({"error": f"more than {BODY_MAX_BYTES} bytes"}, status=413)
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return JsonResponse({"error": "not JSON"}, status=400)
    digest = hashlib.sha256(body).hexdigest()
    text = body.decode("utf-8", "replace").replace("\0", "")
    watching.hear(task, text, digest=digest, named=named_id(payload), at=timezone.now())
    return JsonResponse({"code": 200, "msg": "success"})


def _task_of(provider: str, token: str) -> GenerationTask | None:
    try:
        return GenerationTask.objects.filter(pk=int(CALLBACKS.unsign(token)), provider=provider).first()
    except (signing.BadSignature, ValueError):
        return None


def _body(request: HttpRequest) -> bytes | None:
    """The raw bytes, or None when they are too many; what is announced as too long is not even read."""
    try:
        announced = int(request.headers.get("Content-Length") or 0)
        if announced > BODY_MAX_BYTES:
            return None
        body = request.read(BODY_MAX_BYTES + 1)
    except (ValueError, RawPostDataException, UnreadablePostError):
        return b""
    return body if len(body) <= BODY_MAX_BYTES else None
