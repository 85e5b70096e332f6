"""Whether an order may go out now: a provider's pause and concurrency limit, and room on our own disk."""

from __future__ import annotations

import logging

from django.conf import settings

from generations.media.store import store
from generations.models import GenerationTask, Pause

logger = logging.getLogger(__name__)

CLIP_MB = 64  # room on the disk for each clip under way; a 10 s clip in 1080p has about 20 MB


def why_paused(provider: str) -> str:
    """Why no order goes out to a provider now, in words for staff; empty when they do."""
    if pause := Pause.objects.filter(provider=provider).first():
        return f"Orders to {provider} are paused until someone resumes them: {pause.reason}"
    if not clips_that_fit(sum(GenerationTask.objects.count_in_flight().values())):
        return "No orders go out: the disk has no room for more clips. They go when there is room again"
    return ""


def clips_that_fit(under_way: int) -> int:
    """How many more clips the disk would take beside those under way: what cannot be kept is not bought."""
    try:
        free_mb = store.free_bytes() // 1_000_000 - settings.DOWNLOAD_MAX_MB
    except OSError as error:
        logger.warning("no orders are sent while %s cannot be used: %s", store.root, error)
        return 0
    return max(0, free_mb // CLIP_MB - under_way)
