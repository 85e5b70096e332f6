"""Whether an order may go out now: a pause of its provider or model, and room on our own disk."""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.translation import gettext as _

from generations.media.store import store
from generations.models import GenerationTask, Pause

logger = logging.getLogger(__name__)

CLIP_MB = 64  # room on the disk for each clip under way; a 10 s clip in 1080p has about 20 MB


def why_paused(provider: str, model: str) -> str:
    """Return why no order of a model goes out to a provider now, in words for staff; empty when they do."""
    pause = Pause.objects.that_stop(provider, model).first()
    return pause.sentence if pause else why_full()


def obstacles() -> list[str]:
    """Return all that keeps orders back now, in words for staff."""
    return [text for text in (*(pause.sentence for pause in Pause.objects.all()), why_full()) if text]


def why_full() -> str:
    """Return why the disk takes no further clip, in words for staff; empty when it does."""
    if clips_that_fit(sum(GenerationTask.objects.count_in_flight().values())):
        return ""
    return _("No orders go out: the disk has no room for more clips. They go when there is room again")


def clips_that_fit(under_way: int) -> int:
    """Return how many more clips the disk would take beside those under way: what cannot be kept is not bought."""
    try:
        free_mb = store.free_bytes() // 1_000_000 - settings.DOWNLOAD_MAX_MB
    except OSError as error:
        logger.warning("no orders are sent while %s cannot be used: %s", store.root, error)
        return 0
    return max(0, free_mb // CLIP_MB - under_way)
