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

from generations import clock
from generations.lifecycle.calls import NO_ERROR, backoff
from generations.lifecycle.polling import mark_lost_if_expired
from generations.media import clips, downloads
from generations.media.clips import Clip, Stills, Verified
from generations.media.origins import Origins
from generations.media.store import store
from generations.models import GenerationTask, Lease, Status, Video
from generations.models.leases import LeaseHolder, holding, lease_held
from generations.models.prompts import beginning
from generations.models.videos import folded_words, small_name

logger = logging.getLogger(__name__)

MAX_CRASHES = 3  # of workers in a row on one clip set it aside, so that the others go on
SET_ASIDE = "set aside"  # the error_kind of such a clip
LEASE_SECONDS = 20.0  # renewed while a worker lives; a dead one's clip is retried after this long
OUTAGE_SECONDS = 15.0  # how long a finished download waits for the database
# After storing, so that they keep out of the way of a burst of finished clips.
DECODE_AFTER, PREVIEW_AFTER = timedelta(minutes=2), timedelta(minutes=1)
FETCH_DAMAGED_AGAIN = timedelta(hours=1)  # after the same damaged bytes came twice: a cache may have kept them
BACKOFF_MAX_SECONDS = 1800.0  # between two tries: URLs live for at least a day
DURATION_SLACK_SECONDS = 0.5  # encoders add or drop a few frames
# What a clip copies of its order.
ORDERED = (
    "shot_id",
    "prompt_id",
    "campaign_id",
    "ordered_by_id",
    "provider",
    "model",
    "mode",
    "aspect_ratio",
    "practice",
)
RATIO_SLACK = 0.02  # 1920x1088 is still 16:9


class LeaseLost(Exception):
    """Another worker took over the lease: this one must write nothing."""


def lease_of(task_id: int) -> str:
    return f"save:{task_id}"


def save(task_id: int) -> bool:
    """Fetch, verify and store what a finished task made; return whether all of it is stored."""
    begun = _begin(task_id)
    if begun is None:
        return False
    task, token = begun
    with holding(lease_of(task_id), token, seconds=LEASE_SECONDS) as lease:
        try:
            return _store_or_put_off(task, lease)
        except LeaseLost:
            logger.warning("task %s: another worker took over its download", task_id)
            return False


def _begin(task_id: int) -> tuple[GenerationTask, uuid.UUID] | None:
    """Take the lease of a task that is to be saved; None when another worker has it, or nothing is to be done.

    The try is counted in the same commit: a worker that is killed leaves no other trace.
    """
    name = lease_of(task_id)
    with transaction.atomic():
        token = Lease.objects.take(name, seconds=LEASE_SECONDS)
        if token is None:
            return None
        task = GenerationTask.objects.get(pk=task_id)
        if task.status != Status.READY or task.urls_died or task.crash_count >= MAX_CRASHES:
            Lease.objects.release(name, token)
            return None
        GenerationTask.objects.filter(pk=task_id, status=Status.READY).update(crash_count=task.crash_count + 1)
        return task, token


def _store_or_put_off(task: GenerationTask, lease: LeaseHolder) -> bool:
    """Return whether all results are stored; what prevented it is tried again later. Raises: LeaseLost."""
    try:
        return _store_results(task, lease)
    except (downloads.DownloadError, clips.NotAVideo, OSError) as error:
        trouble = error
    lease.outlast(seconds=OUTAGE_SECONDS)
    with transaction.atomic():
        _fence(lease, is_last=True)
        _try_later(task, str(trouble), at=clock.now(), urls_died=isinstance(trouble, downloads.Gone))
    return False


def _fence(lease: LeaseHolder, *, is_last: bool) -> None:
    """Check in this transaction that the lease is still ours; a suspended worker may lose it. Raises: LeaseLost.

    Behind what is written last, the lease is released in the same commit.
    """
    if not (lease.release() if is_last else lease.renew()):
        raise LeaseLost


def _finish(task: GenerationTask) -> bool:
    at = clock.now()
    return task.move(Status.STORED, _how_stored(task), at=at, stored_at=at, **NO_ERROR)


def _how_stored(task: GenerationTask) -> str:
    is_damaged = task.refused_sha256 and task.videos.exclude(arrived_damaged="").exists()
    return "stored as it came: damaged" if is_damaged else "verified and stored"


def _store_results(task: GenerationTask, lease: LeaseHolder) -> bool:
    """Store each result that is not stored yet, and move the task in the last one's commit; return whether it moved.

    Raises: DownloadError, NotAVideo, OSError for what prevented it; LeaseLost.
    """
    ends = time.monotonic() + settings.DOWNLOAD_DEADLINE_SECONDS  # for all results of the job
    stored = set(task.videos.values_list("position", flat=True))
    missing = [(position, url) for position, url in enumerate(task.result_urls) if position not in stored]
    if not missing:
        with transaction.atomic():
            _fence(lease, is_last=True)
            return _finish(task)
    *others, last = missing
    for position, url in others:
        _store(task, position, url, lease, seconds=ends - time.monotonic())
    return _store(task, *last, lease, seconds=ends - time.monotonic(), is_last=True)


def _store(
    task: GenerationTask, position: int, url: str, lease: LeaseHolder, *, seconds: float, is_last: bool = False
) -> bool:
    """Store one result: the file first, then its row, and with the last row the task; return whether that moved."""
    if seconds <= 0:
        raise downloads.TryAgain("the time of the job ran out before this result")
    with store.part() as part:
        download = fetch(url, part, seconds=seconds)
        verified, refusal = _verify(task, part, download)
        if not lease.outlast(seconds=OUTAGE_SECONDS):
            raise LeaseLost
        files = publish(part, verified.stills)
    try:
        with transaction.atomic():
            _fence(lease, is_last=is_last)
            _create(task, verified, position=position, **files, source_url=url, sha256=download.sha256,
                    size_bytes=download.size_bytes, arrived_damaged=refusal)  # fmt: skip
            return is_last and _finish(task)
    except (LeaseLost, IntegrityError, DataError):
        # The row certainly does not exist. After other errors it may, as a commit's answer can be lost: then a
        # file without a row is better than a row without its file.
        remove_files(files)
        raise


def publish(part: Path, stills: Stills | None) -> dict[str, str]:
    """Publish a clip after its posters, under new names; return each name by its column.

    Raises: OSError, and nothing is left.
    """
    stem = f"{clock.now():%Y}/{uuid.uuid4().hex}"
    poster = f"posters/{stem}.jpg"
    files = {"file": f"videos/{stem}.mp4"}
    if stills:  # a clip without a picture is still a clip
        files |= {"poster": poster, "poster_small": small_name(poster)}
    try:
        if stills:
            store.save(files["poster"], ContentFile(stills.poster))
            store.save(files["poster_small"], ContentFile(stills.poster_small))
        store.publish(part, files["file"])
    except BaseException:
        remove_files(files)
        raise
    return files


def remove_files(files: dict[str, str]) -> None:
    """Delete published files. Raises: OSError."""
    for name in files.values():
        store.delete(name)


def _create(task: GenerationTask, verified: Verified, *, position: int, arrived_damaged: str, **file: Any) -> None:
    title = beginning(task.prompt_text) or task.prompt.name  # the prompt may have another title by now
    at = clock.now()
    title = title if position == 0 else f"{title} ({position + 1})"[:200]
    Video.objects.create(
        task=task,
        position=position,
        title=title,
        words=folded_words(task, title),
        created_at=at,
        decoded_at=at if verified.is_decoded else None,
        decode_due_at=None if verified.is_decoded else at + (FETCH_DAMAGED_AGAIN if arrived_damaged else DECODE_AFTER),
        arrived_damaged=arrived_damaged[:200],
        preview_due_at=at + PREVIEW_AFTER,
        **{name: getattr(task, name) for name in ORDERED},
        **clip_columns(task, verified.clip),
        **file,
    )


def clip_columns(task: GenerationTask, clip: Clip) -> dict[str, Any]:
    """Return the columns of a row that say what its file contains."""
    return {
        "duration_seconds": clip.duration_seconds,
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "has_audio": clip.has_audio,
        "differences": differences(task, clip) if clip.width else [],
    }


def _verify(task: GenerationTask, part: Path, download: downloads.Download) -> tuple[Verified, str]:
    """Verify a download; return what it contains and why it is damaged, if the same damaged bytes came before.

    It was paid for, so it is kept then: no other bytes may ever come. Raises: NotAVideo, OSError.
    """
    try:
        return clips.verify(part), ""
    except clips.TookTooLong:
        raise
    except clips.NotAVideo as refusal:
        if download.sha256 != task.refused_sha256:
            GenerationTask.objects.filter(pk=task.pk).update(refused_sha256=download.sha256)
            raise
        logger.error("task %s: the same damaged file came again, and is kept: %s", task.pk, refusal)
        task.note(f"the provider delivered the same damaged file twice, which is kept: {refusal}", at=clock.now())
        return Verified(clips.salvage(part), None, is_decoded=False), str(refusal)


def fetch(url: str, part: Path, *, seconds: float) -> downloads.Download:
    """Fetch a result into a part file, within the limits of the settings. Raises: DownloadError."""
    return downloads.fetch(
        url,
        part,
        origins=Origins.parse(settings.RESULT_ORIGINS),
        max_bytes=settings.DOWNLOAD_MAX_MB * 1_000_000,
        deadline_seconds=seconds,
    )


def differences(task: GenerationTask, clip: Clip) -> list[str]:
    """Return where a clip differs from its order: it was paid for, so it is stored and marked."""
    found = []
    if abs(clip.duration_seconds - task.duration_seconds) > DURATION_SLACK_SECONDS:
        found.append(f"{clip.duration_seconds:.1f} s long, but {task.duration_seconds} s were ordered")
    if ":" in task.aspect_ratio:  # a word such as "auto" promises no shape
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
