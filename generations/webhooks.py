"""Receive the providers' callbacks.

A callback only makes its task due for a poll: the poll's answer decides, the payload is evidence and never input.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core import signing
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations import clock
from generations.lifecycle import callbacks
from generations.logs import as_written, without_secrets
from generations.models import GenerationTask
from generations.models.tasks import CALLBACKS
from generations.providers.base import named_id, says_done

logger = logging.getLogger(__name__)

BODY_MAX_BYTES = 64 * 1024  # a final status has about 1 kB; kling_site/bodies.py refuses more
DATABASE_WAIT_SECONDS = 2.0  # then 503: the provider delivers again later, and no thread stays blocked

# This process writes one delivery at a time. SQLite has one writer anyway, and its own wait backs off, so that some
# writers starve; this lock is fair.
write_lock = threading.Lock()


@csrf_exempt  # providers have no session: the signed token in the URL authenticates them
@require_POST
def receive(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Store the callback, make its task due and answer 200; 503 without a database."""
    try:
        return _receive(request, provider, token)
    except (OperationalError, InterfaceError) as error:
        connection.close()
        logger.warning("a callback could not be stored, the provider will deliver it again: %s", error)
        return JsonResponse({"error": "try again"}, status=503, headers={"Retry-After": "30"})


def _receive(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    task = _task_of(provider, token)
    if task is None:
        return JsonResponse({"error": "unknown"}, status=404)
    try:
        body = request.body
        payload = json.loads(body)
    except (UnreadablePostError, ValueError, RecursionError):
        return JsonResponse({"error": "not JSON"}, status=400)
    digest = hashlib.sha256(body).hexdigest()
    if not task.deliveries.filter(digest=digest).exists():  # a repeated delivery needs no write lock
        text = _without_secrets(body, token)
        with _short_database_wait():
            named, is_done = named_id(payload), says_done(payload)
            callbacks.record_callback(task, text, digest=digest, named=named, at=clock.now(), is_done=is_done)
    return JsonResponse({"code": 200, "msg": "success"})


def _without_secrets(body: bytes, token: str) -> str:
    """Return what is kept of a callback: its text without API keys and signed tokens, its own in any spelling."""
    keys = [config.api_key for config in settings.PROVIDERS.values()]
    text = without_secrets(body.decode("utf-8", "replace").replace("\0", ""), *keys)
    return as_written(token.rpartition(":")[2]).sub("…", text)  # also without its number, or within other words


def _task_of(provider: str, token: str) -> GenerationTask | None:
    try:
        return GenerationTask.objects.filter(pk=int(CALLBACKS.unsign(token)), provider=provider).first()
    except (signing.BadSignature, ValueError):
        return None


@contextmanager
def _short_database_wait() -> Iterator[None]:
    """Wait for the database for DATABASE_WAIT_SECONDS at most. Raises: OperationalError."""
    if connection.vendor != "sqlite":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {DATABASE_WAIT_SECONDS * 1000:.0f}")
            yield
        return
    if not write_lock.acquire(timeout=DATABASE_WAIT_SECONDS):
        raise OperationalError("too many callbacks wait for the database")
    try:
        with connection.cursor() as cursor:
            (previous,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute(f"PRAGMA busy_timeout = {DATABASE_WAIT_SECONDS * 1000:.0f}")
            try:
                yield
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {previous}")
    finally:
        write_lock.release()
