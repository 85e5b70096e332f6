"""The daily clean-up: URLs that the provider has deleted by now are blanked, where our file is safe."""

from __future__ import annotations

import logging
import stat
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from generations.media.filetree import shown
from generations.models import GenerationTask, Lease, Status, Video

logger = logging.getLogger(__name__)

PART_LIFE = timedelta(hours=1)  # a download ends within minutes


@dataclass
class Cleanup:
    """What a clean-up did, or would do."""

    dry_run: bool
    blanked: list[int] = field(default_factory=list)  # videos
    kept_unsafe: list[int] = field(default_factory=list)  # videos whose file is not whole
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
    done.parts_removed = remove_stale_parts(at=at, dry_run=dry_run)
    if not dry_run:
        with transaction.atomic():
            Video.objects.filter(pk__in=done.blanked).update(source_url="")
            stored = GenerationTask.objects.filter(status=Status.STORED, videos__in=done.blanked)
            whole = stored.exclude(videos__in=Video.objects.exclude(source_url=""))
            GenerationTask.objects.filter(pk__in=whole.values("pk")).update(result_urls=[])
            Lease.objects.filter(name__startswith="save:", token=None).delete()
    return done


def remove_stale_parts(*, at: datetime, dry_run: bool = False) -> list[str]:
    """Remove part files that no download can still be writing; their names."""
    # Files are dated by this host's clock: the database's, when it is ahead, must not make a young file old.
    root, old, removed = Path(settings.MEDIA_ROOT), (min(at, timezone.now()) - PART_LIFE).timestamp(), []
    for part in sorted(path for folder in ("tmp", "images") for path in (root / folder).glob("*.part")):
        try:
            facts = part.lstat()
            if facts.st_mtime >= old or not stat.S_ISREG(facts.st_mode):
                continue
            if not dry_run:
                part.unlink()
        except FileNotFoundError:  # its download ended meanwhile
            continue
        except OSError as error:
            logger.warning("a left-over part file stays: %s", error)
            continue
        removed.append(shown(str(part.relative_to(root))))
    return removed


def _is_safe(video: Video) -> bool:
    """Whether the stored file is there in full, and the daily check found no other bytes in it."""
    return not video.damage and video.path.is_file() and video.path.stat().st_size == video.size_bytes
