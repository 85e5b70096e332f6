"""The daily clean-up: URLs that the provider has deleted by now are blanked, where our file is safe."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from generations.models import GenerationTask, Lease, Status, Video

PART_LIFE = timedelta(hours=1)  # a download ends within minutes


@dataclass
class Cleanup:
    """What a clean-up did, or would do."""

    dry_run: bool
    blanked: list[int] = field(default_factory=list)  # videos
    kept_unsafe: list[int] = field(default_factory=list)  # videos whose file is missing or has another size
    kept_unstored: list[int] = field(default_factory=list)  # tasks past their URLs' life that are not stored
    parts_removed: list[str] = field(default_factory=list)  # what a killed worker left of downloads and uploads

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def clean_up(*, at: datetime, dry_run: bool = False) -> Cleanup:
    """Blank expired source URLs on rows whose file is there in full, and on no others; drop leases of past saves."""
    done = Cleanup(dry_run=dry_run)
    expired = GenerationTask.objects.filter(source_expires_at__lte=at)
    for video in Video.objects.filter(task__in=expired).exclude(source_url="").select_related("task").iterator():
        (done.blanked if _is_safe(video) else done.kept_unsafe).append(video.pk)
    unstored = expired.exclude(status__in=[Status.STORED, Status.FAILED]).exclude(result_urls=[])
    done.kept_unstored = list(unstored.values_list("pk", flat=True))
    for part in _stale_parts(at=at):
        done.parts_removed.append(str(part.relative_to(settings.MEDIA_ROOT)))
        if not dry_run:
            part.unlink(missing_ok=True)
    if not dry_run:
        with transaction.atomic():
            Video.objects.filter(pk__in=done.blanked).update(source_url="")
            stored = GenerationTask.objects.filter(status=Status.STORED, videos__in=done.blanked)
            whole = stored.exclude(videos__in=Video.objects.exclude(source_url=""))
            GenerationTask.objects.filter(pk__in=whole.values("pk")).update(result_urls=[])
            Lease.objects.filter(name__startswith="save:", token=None).delete()
    return done


def _stale_parts(*, at: datetime) -> list[Path]:
    """Part files that no download can still be writing."""
    old = (at - PART_LIFE).timestamp()
    found = [path for folder in ("tmp", "images") for path in Path(settings.MEDIA_ROOT, folder).glob("*.part")]
    return sorted(path for path in found if path.stat().st_mtime < old)


def _is_safe(video: Video) -> bool:
    """Whether the stored file is there in full; its checksum is the daily check's business."""
    return video.path.is_file() and video.path.stat().st_size == video.size_bytes
