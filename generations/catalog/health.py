"""Tell monitoring whether the site works."""

from __future__ import annotations

import logging

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generations.models import Lease

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and the worker's heartbeat is fresh, else 503 and which of them failed."""
    database = worker = False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = True
        worker = Lease.objects.is_worker_alive()
    except Error as error:
        logger.error("health: the database does not answer: %s", error)
    return JsonResponse({"database": database, "worker": worker}, status=200 if database and worker else 503)
