"""Save what a finished task made: fetch it, verify it, publish the file, and only then write its row.

The order is a promise: part file, fsync, verification, rename, fsync of the folder, commit of the row. A worker that
dies in between leaves a part file or a file without a row, never a row without its file.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import DataError, IntegrityError, transaction

from generations import clock, wakeups
from generations.lifecycle.calls import NO_ERROR, backoff
from generations.lifecycle.polling import mark_lost_if_expired
from generations.media import clips, downloads
from generations.media.clips import Clip
from generations.media.origins import Origins
from generations.media.store import store
from generations.models import GenerationTask, Lease, Status, Video
from generations.models.leases import LeaseHolder, lease_held
from generations.models.videos import small_name

logger = logging.getLogger(__name__)

REENQUEUE_AFTER = timedelta(seconds=30)  # a lost job is enqueued again after this long
RECHECK_AFTER = timedelta(seconds=5)  # while a worker holds its lease
MAX_CRASHES = 3  # of workers in a row over one clip; then it is set aside, so that the others flow
ASIDE = timedelta(hours=1)
SET_ASIDE = "set aside"  # the error_kind of such a clip
LEASE_SECONDS = 20.0  # renewed while we work, so a dead worker's clip is taken up again after this long
OUTAGE_SECONDS = 15.0  # of the database, after a download: so long it is waited for before the work is given up
BACKOFF_MAX_SECONDS = 1800.0  # between two tries: a result lives for a day at least
DURATION_SLACK_SECONDS = 0.5  # encoders add or drop a few frames
RATIO_SLACK = 0.02  # 1920x1088 is still 16:9


class LeaseLost(Exception):
    """The lease was lost while we worked: another worker has the clip, and we write nothing."""


def enqueue_due_save(task: GenerationTask, *, at: datetime) -> None:
    """Enqueue the saving of a finished task, and again if no job takes it up.

    A clip over which three workers in a row died is set aside for an hour before its next try.
    """
    if Lease.objects.is_held(lease_of(task.pk)):
        task.put_off(due_at=at + RECHECK_AFTER, crash_count=task.crash_count)
    elif task.crash_count < MAX_CRASHES:
        if task.put_off(due_at=at + REENQUEUE_AFTER, crash_count=task.crash_count):
            wakeups.enqueue_save(task.pk)
    elif task.error_kind == SET_ASIDE:  # the hour has passed
        if task.put_off(due_at=at + REENQUEUE_AFTER, crash_count=MAX_CRASHES - 1, error_kind=""):
            wakeups.enqueue_save(task.pk)
    elif not mark_lost_if_expired(task, "its worker died each time", at=at):
        why = f"a worker died {task.crash_count} times in a row with this clip in hand: set aside, next try in an hour"
        if task.put_off(due_at=at + ASIDE, crash_count=task.crash_count, error_kind=SET_ASIDE, error_message=why):
            logger.error("task %s: %s", task.pk, why)
            task.note(why, at=at)


def reenqueue_pending_saves(*, at: datetime) -> None:
    """Re-enqueue pending downloads after a restart: nobody knows what became of the jobs before it."""
    ready = GenerationTask.objects.of_this_site().filter(status=Status.READY, urls_died=False)
    ready.filter(due_at__range=(at, at + REENQUEUE_AFTER)).update(due_at=at)


def lease_of(task_id: int) -> str:
    return f"save:{task_id}"


def save(task_id: int) -> bool:
    """Fetch, verify and store what a finished task made; True when all of it is stored."""
    with lease_held(lease_of(task_id), seconds=LEASE_SECONDS) as lease:
        if lease is None:
            return False
        task = GenerationTask.objects.select_related("prompt").get(pk=task_id)
        if task.status != Status.READY or task.urls_died or task.crash_count >= MAX_CRASHES:
            return False
        # Counted before the work: what kills its worker leaves no other trace.
        GenerationTask.objects.filter(pk=task_id, status=Status.READY).update(crash_count=task.crash_count + 1)
        try:
            trouble = _store_results(task, lease)
            lease.outlast(seconds=OUTAGE_SECONDS)
            with transaction.atomic():
                _fence(lease)
                if trouble is None:
                    at = clock.now()
                    return task.move(Status.STORED, "verified and stored", at=at, stored_at=at, **NO_ERROR)
                _try_later(task, str(trouble), at=clock.now(), urls_died=isinstance(trouble, downloads.Gone))
        except LeaseLost:
            logger.warning("task %s: another worker took over its download", task_id)
        return False


def _fence(lease: LeaseHolder) -> None:
    """Refuse to write in this transaction for a worker that slept and lost its lease. Raises: LeaseLost."""
    if not lease.renew():
        raise LeaseLost


def _store_results(task: GenerationTask, lease: LeaseHolder) -> Exception | None:
    """Store each result that is not stored yet; return what stood in the way, or None."""
    ends = time.monotonic() + settings.DOWNLOAD_DEADLINE_SECONDS  # of the job, however many results there are
    try:
        for position, url in enumerate(task.result_urls):
            if not task.videos.filter(position=position).exists():
                _store(task, position, url, lease, seconds=ends - time.monotonic())
    except (downloads.DownloadError, clips.NotAVideo, OSError) as error:
        return error
    return None


def _store(task: GenerationTask, position: int, url: str, lease: LeaseHolder, *, seconds: float) -> None:
    """Store one result: the file first, then its row."""
    if seconds <= 0:
        raise downloads.TryAgain("the time for one job ran out before this result")
    with store.part() as part:
        download = fetch(url, part, seconds=seconds)
        clip, stills = clips.verify(part), _stills(part)
        lease.outlast(seconds=OUTAGE_SECONDS)
        files = _publish(part, stills)
    try:
        with transaction.atomic():
            _fence(lease)
            _create(task, clip, position=position, **files, source_url=url,
                    sha256=download.sha256, size_bytes=download.size_bytes)  # fmt: skip
    except (LeaseLost, IntegrityError, DataError):
        # The row is certainly not there. After any other error it may be: a commit's own answer can be lost, and a
        # file without a row is better than a row without its file.
        _remove(files)
        raise


def _publish(part: Path, stills: dict[str, bytes]) -> dict[str, str]:
    """Publish a clip after its posters, under new names; return each name by its column.

    Raises: OSError, and nothing is left.
    """
    stem = f"{clock.now():%Y}/{uuid.uuid4().hex}"
    poster = f"posters/{stem}.jpg"
    names = {"poster": poster, "poster_small": small_name(poster)}
    files = {column: names[column] for column in stills} | {"file": f"videos/{stem}.mp4"}
    try:
        for column, still in stills.items():
            store.save(files[column], ContentFile(still))
        store.publish(part, files["file"])
    except BaseException:
        _remove(files)
        raise
    return files


def _remove(files: dict[str, str]) -> None:
    for name in files.values():
        store.delete(name)


def _create(task: GenerationTask, clip: Clip, *, position: int, **file: Any) -> None:
    Video.objects.create(
        task=task,
        position=position,
        title=task.prompt.name if position == 0 else f"{task.prompt.name} ({position + 1})"[:200],
        duration_seconds=clip.duration_seconds,
        width=clip.width,
        height=clip.height,
        fps=clip.fps,
        has_audio=clip.has_audio,
        differences=differences(task, clip),
        created_at=clock.now(),
        **file,
    )


def fetch(url: str, part: Path, *, seconds: float) -> downloads.Download:
    """Fetch a result into a part file, within the limits of the settings. Raises: DownloadError."""
    return downloads.fetch(
        url,
        part,
        origins=Origins.parse(settings.RESULT_ORIGINS),
        max_bytes=settings.DOWNLOAD_MAX_MB * 1_000_000,
        deadline_seconds=seconds,
    )


def _stills(clip: Path) -> dict[str, bytes]:
    """Make the poster and the small one of the lists; empty without a picture, for such a clip is still a clip."""
    try:
        poster = clips.poster(clip)
    except clips.NotAVideo as error:
        logger.warning("no poster for %s: %s", clip.name, error)
        return {}
    return {"poster": poster, "poster_small": clips.smaller(poster)}


def differences(task: GenerationTask, clip: Clip) -> list[str]:
    """Say where a clip is not what was ordered: it was paid for, so it is stored and flagged."""
    found = []
    if abs(clip.duration_seconds - task.duration_seconds) > DURATION_SLACK_SECONDS:
        found.append(f"{clip.duration_seconds:.1f} s long, {task.duration_seconds} s were ordered")
    if task.aspect_ratio:
        wide, high = map(int, task.aspect_ratio.split(":"))
        if abs(clip.width * high / (clip.height * wide) - 1) > RATIO_SLACK:
            shape = Fraction(clip.width, clip.height)
            found.append(f"{shape.numerator}:{shape.denominator} picture, {task.aspect_ratio} was ordered")
    if task.sound is not None and task.sound != clip.has_audio:
        found.append("silent, sound was ordered" if task.sound else "has sound, none was ordered")
    return found


def _try_later(task: GenerationTask, why: str, *, at: datetime, urls_died: bool = False) -> None:
    """Put the next try off, until the URLs expire; ask the provider for fresh ones first if they died."""
    if mark_lost_if_expired(task, why, at=at):
        return
    if why != task.error_message:
        logger.warning("task %s is paid and not stored yet: %s", task.pk, why)
        task.note(f"not stored yet: {why}", at=at)
    wait = backoff(task.failures, most=BACKOFF_MAX_SECONDS)
    # The conductor may have enqueued it again meanwhile, so the due time is not compared.
    GenerationTask.objects.filter(pk=task.pk, status=Status.READY).update(
        due_at=at + timedelta(seconds=wait), failures=task.failures + 1, urls_died=urls_died,
        error_message=why[:2000], crash_count=0,
    )  # fmt: skip


def retry_later(task_id: int, why: str, *, at: datetime) -> None:
    """Record a fault of ours on the row, and try again like after any other."""
    with lease_held(lease_of(task_id), seconds=LEASE_SECONDS) as lease:
        task = GenerationTask.objects.get(pk=task_id)
        if lease and task.status == Status.READY:
            _try_later(task, why, at=at)
