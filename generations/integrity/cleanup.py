"""Clean up daily: blank expired source URLs of complete files; remove stale parts, unused pictures, old callbacks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django_q.models import Task

from generations.integrity.compare import damage
from generations.media.store import store
from generations.models import Delivery, GenerationTask, Happening, Lease, ReferenceImage, Status, Video, WebhookMessage
from generations.models.statuses import RESTING

NOTICE_LIFE = timedelta(days=90)
JOB_LIFE = timedelta(days=90)  # of what django-q2 keeps of a job that failed: its traceback
PART_LIFE = timedelta(hours=1)  # a download ends within minutes
UPLOAD_LIFE = timedelta(days=1)  # of a picture that no order used
CALLBACK_LIFE = timedelta(days=90)  # of a task that rests: until then somebody may still ask what the provider said


@dataclass
class Cleanup:
    """What a clean-up did, or would do."""

    dry_run: bool
    blanked: list[int] = field(default_factory=list)  # videos
    kept_unsafe: list[int] = field(default_factory=list)  # videos whose file is not complete
    kept_unstored: list[int] = field(default_factory=list)  # tasks whose URLs expired before they were stored
    parts_removed: list[str] = field(default_factory=list)  # part files of killed workers
    images_removed: list[int] = field(default_factory=list)  # pictures that no order used
    happenings_removed: int = 0  # with their notices and webhooks
    callbacks_removed: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def clean_up(*, at: datetime, dry_run: bool = False) -> Cleanup:
    """Blank expired source URLs of complete files and no others; remove stale part files and leases, pictures that no
    order used, old notices, and old callbacks of tasks that rest."""
    done = Cleanup(dry_run=dry_run)
    expired = GenerationTask.objects.filter(source_expires_at__lte=at)
    for video in Video.objects.filter(task__in=expired).exclude(source_url="").select_related("task").iterator():
        # The daily comparison reads the bytes and marks damage; the late decoding may need the URL.
        is_safe = not video.damage and video.decoded_at is not None and not damage(video, deep=False)
        (done.blanked if is_safe else done.kept_unsafe).append(video.pk)
    unstored = expired.exclude(status__in=[Status.STORED, Status.FAILED]).exclude(result_urls=[])
    done.kept_unstored = list(unstored.values_list("pk", flat=True))
    done.images_removed = remove_unused_images(at=at, dry_run=dry_run)
    done.parts_removed = remove_stale_parts(at=at, dry_run=dry_run)
    old = Happening.objects.filter(at__lte=at - NOTICE_LIFE)
    done.happenings_removed = old.count()
    callbacks = Delivery.objects.filter(received_at__lt=at - CALLBACK_LIFE, task__status__in=RESTING)
    done.callbacks_removed = callbacks.count()
    if not dry_run:
        WebhookMessage.objects.filter(happening=None, created_at__lte=at - NOTICE_LIFE).delete()
        Task.objects.filter(stopped__lte=at - JOB_LIFE).delete()
        old.delete()
        with transaction.atomic():
            Video.objects.filter(pk__in=done.blanked).update(source_url="")
            stored = GenerationTask.objects.filter(status=Status.STORED, videos__in=done.blanked)
            complete = stored.exclude(videos__in=Video.objects.exclude(source_url=""))
            GenerationTask.objects.filter(pk__in=complete.values("pk")).update(result_urls=[])
            Lease.objects.filter(name__startswith="save:", token=None).delete()
            callbacks.delete()
    return done


def remove_unused_images(*, at: datetime, dry_run: bool = False) -> list[int]:
    """Remove pictures that were stored a day ago, and are of no order since; return their ids."""
    used = (GenerationTask.objects.filter(**{field: OuterRef("pk")}) for field in ("start_image", "end_image"))
    unused = ReferenceImage.objects.filter(*(~Exists(tasks) for tasks in used), created_at__lt=at - UPLOAD_LIFE)
    if dry_run:
        return list(unused.values_list("pk", flat=True))
    with transaction.atomic():
        gone = list(unused.select_for_update())
        ReferenceImage.objects.filter(pk__in=[image.pk for image in gone]).delete()
    for image in gone:  # a file that was uploaded again meanwhile is new, and its row too
        with suppress(OSError):  # reconcile finds what no row names
            store.delete_old(str(image.file), before=_stale(at))
    return [image.pk for image in gone]


def remove_stale_parts(*, at: datetime, dry_run: bool = False) -> list[str]:
    """Remove part files that no download can still be writing; return their names."""
    return store.remove_parts(before=_stale(at), dry_run=dry_run)


def _stale(at: datetime) -> float:
    """Return when files were written that nobody can still be writing, in seconds since 1970.

    They are dated by this host's clock: a database clock that is ahead must not age a new file.
    """
    return (min(at, timezone.now()) - PART_LIFE).timestamp()
