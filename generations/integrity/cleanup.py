"""Clean up daily: blank expired source URLs of complete files; remove stale part files, old notices and callbacks."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from generations.integrity.compare import damage
from generations.media.store import store
from generations.models import Delivery, GenerationTask, Happening, Lease, Status, Video, WebhookMessage
from generations.models.statuses import RESTING

NOTICE_LIFE = timedelta(days=90)
PART_LIFE = timedelta(hours=1)  # a download ends within minutes
CALLBACK_LIFE = timedelta(days=90)  # of a task that rests: until then somebody may still ask what the provider said


@dataclass
class Cleanup:
    """What a clean-up did, or would do."""

    dry_run: bool
    blanked: list[int] = field(default_factory=list)  # videos
    kept_unsafe: list[int] = field(default_factory=list)  # videos whose file is not complete
    kept_unstored: list[int] = field(default_factory=list)  # tasks whose URLs expired before they were stored
    parts_removed: list[str] = field(default_factory=list)  # part files of killed workers
    happenings_removed: int = 0  # with their notices and webhooks
    callbacks_removed: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def clean_up(*, at: datetime, dry_run: bool = False) -> Cleanup:
    """Blank expired source URLs of complete files and no others; remove stale part files, leases and old notices, and
    old callbacks of tasks that rest."""
    done = Cleanup(dry_run=dry_run)
    expired = GenerationTask.objects.filter(source_expires_at__lte=at)
    for video in Video.objects.filter(task__in=expired).exclude(source_url="").select_related("task").iterator():
        # The daily comparison reads the bytes and marks damage; the late decoding may need the URL.
        is_safe = not video.damage and video.decoded_at is not None and not damage(video, deep=False)
        (done.blanked if is_safe else done.kept_unsafe).append(video.pk)
    unstored = expired.exclude(status__in=[Status.STORED, Status.FAILED]).exclude(result_urls=[])
    done.kept_unstored = list(unstored.values_list("pk", flat=True))
    done.parts_removed = remove_stale_parts(at=at, dry_run=dry_run)
    old = Happening.objects.filter(at__lte=at - NOTICE_LIFE)
    done.happenings_removed = old.count()
    callbacks = Delivery.objects.filter(received_at__lt=at - CALLBACK_LIFE, task__status__in=RESTING)
    done.callbacks_removed = callbacks.count()
    if not dry_run:
        WebhookMessage.objects.filter(happening=None, created_at__lte=at - NOTICE_LIFE).delete()
        old.delete()
        with transaction.atomic():
            Video.objects.filter(pk__in=done.blanked).update(source_url="")
            stored = GenerationTask.objects.filter(status=Status.STORED, videos__in=done.blanked)
            complete = stored.exclude(videos__in=Video.objects.exclude(source_url=""))
            GenerationTask.objects.filter(pk__in=complete.values("pk")).update(result_urls=[])
            Lease.objects.filter(name__startswith="save:", token=None).delete()
            callbacks.delete()
    return done


def remove_stale_parts(*, at: datetime, dry_run: bool = False) -> list[str]:
    """Remove part files that no download can still be writing; return their names."""
    # Files are dated by this host's clock: a database clock that is ahead must not age a new file.
    return store.remove_parts(before=(min(at, timezone.now()) - PART_LIFE).timestamp(), dry_run=dry_run)
