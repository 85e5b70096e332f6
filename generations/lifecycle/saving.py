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
from generations.models.prompts import beginning
from generations.models.videos import small_name

logger = logging.getLogger(__name__)

REENQUEUE_AFTER = timedelta(seconds=30)  # a lost job is enqueued again after this long
RECHECK_AFTER = timedelta(seconds=5)  # while a worker holds its lease
MAX_CRASHES = 3  # of workers in a row on one clip set it aside, so that the others go on
ASIDE = timedelta(hours=1)
SET_ASIDE = "set aside"  # the error_kind of such a clip
LEASE_SECONDS = 20.0  # renewed while a worker lives; a dead one's clip is retried after this long
OUTAGE_SECONDS = 15.0  # how long a finished download waits for the database
BACKOFF_MAX_SECONDS = 1800.0  # between two tries: URLs live for at least a day
DURATION_SLACK_SECONDS = 0.5  # encoders add or drop a few frames
RATIO_SLACK = 0.02  # 1920x1088 is still 16:9


class LeaseLost(Exception):
    """Another worker took over the lease: this one must write nothing."""


def enqueue_due_save(task: GenerationTask, *, at: datetime) -> None:
    """Enqueue the saving of a finished task, and again if no worker takes it.

    After three workers in a row died while saving a clip, it is set aside for an hour before its next try.
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
        why = f"a worker died {task.crash_count} times in a row while saving this clip; the next try is in an hour"
        if task.put_off(due_at=at + ASIDE, crash_count=task.crash_count, error_kind=SET_ASIDE, error_message=why):
            logger.error("task %s: %s", task.pk, why)
            task.note(why, at=at)


def reenqueue_pending_saves(*, at: datetime) -> None:
    """Re-enqueue pending downloads after a restart, which may have lost their jobs."""
    ready = GenerationTask.objects.of_this_site().filter(status=Status.READY, urls_died=False)
    ready.filter(due_at__range=(at, at + REENQUEUE_AFTER)).update(due_at=at)


def lease_of(task_id: int) -> str:
    return f"save:{task_id}"


def save(task_id: int) -> bool:
    """Fetch, verify and store what a finished task made; return whether all of it is stored."""
    with lease_held(lease_of(task_id), seconds=LEASE_SECONDS) as lease:
        if lease is None:
            return False
        task = GenerationTask.objects.select_related("prompt").get(pk=task_id)
        if task.status != Status.READY or task.urls_died or task.crash_count >= MAX_CRASHES:
            return False
        # Counted before the work: a killed worker leaves no other trace.
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
    """Check in this transaction that the lease is still ours; a suspended worker may lose it. Raises: LeaseLost."""
    if not lease.renew():
        raise LeaseLost


def _store_results(task: GenerationTask, lease: LeaseHolder) -> Exception | None:
    """Store each result that is not stored yet; return the error that prevented it, or None."""
    ends = time.monotonic() + settings.DOWNLOAD_DEADLINE_SECONDS  # for all results of the job
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
        raise downloads.TryAgain("the time of the job ran out before this result")
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
        # The row certainly does not exist. After other errors it may, as a commit's answer can be lost: then a
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
    title = beginning(task.prompt_text) or task.prompt.name  # the prompt may have another title by now
    Video.objects.create(
        task=task,
        position=position,
        title=title if position == 0 else f"{title} ({position + 1})"[:200],
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
    """Return where a clip differs from its order: it was paid for, so it is stored and marked."""
    found = []
    if abs(clip.duration_seconds - task.duration_seconds) > DURATION_SLACK_SECONDS:
        found.append(f"{clip.duration_seconds:.1f} s long, but {task.duration_seconds} s were ordered")
    if task.aspect_ratio:
        wide, high = map(int, task.aspect_ratio.split(":"))
        if abs(clip.width * high / (clip.height * wide) - 1) > RATIO_SLACK:
            shape = Fraction(clip.width, clip.height)
            found.append(f"{shape.numerator}:{shape.denominator} picture, but {task.aspect_ratio} was ordered")
    if task.sound is not None and task.sound != clip.has_audio:
        found.append("silent, but sound was ordered" if task.sound else "has sound, but none was ordered")
    return found


def _try_later(task: GenerationTask, why: str, *, at: datetime, urls_died: bool = False) -> None:
    """Put off the next try until the URLs expire; poll for fresh URLs first if they died."""
    if mark_lost_if_expired(task, why, at=at):
        return
    if why != task.error_message:
        logger.warning("task %s is paid but not stored yet: %s", task.pk, why)
        task.note(f"not stored yet: {why}", at=at)
    wait = backoff(task.failures, most=BACKOFF_MAX_SECONDS)
    # The conductor may have enqueued it again meanwhile, so the due time is not compared.
    GenerationTask.objects.filter(pk=task.pk, status=Status.READY).update(
        due_at=at + timedelta(seconds=wait), failures=task.failures + 1, urls_died=urls_died,
        error_message=why[:2000], crash_count=0,
    )  # fmt: skip


def retry_later(task_id: int, why: str, *, at: datetime) -> None:
    """Record an error of our own on the row, and retry as after any other."""
    with lease_held(lease_of(task_id), seconds=LEASE_SECONDS) as lease:
        task = GenerationTask.objects.get(pk=task_id)
        if lease and task.status == Status.READY:
            _try_later(task, why, at=at)
