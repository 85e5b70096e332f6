"""A finished clip on its way home: fetched, verified, made durable, and only then a row.

The order of things is the promise: part file, verification, fsync, rename, fsync of the folder, row. A worker that dies
in between leaves a part file or a file without a row, never a row without its file.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from generations import clock, wakeups
from generations.lifecycle.calls import NO_ERROR, backoff
from generations.lifecycle.polling import mark_lost_if_expired
from generations.media import clips, downloads
from generations.media.clips import Clip
from generations.media.origins import Origins
from generations.models import GenerationTask, Lease, Status, Video
from generations.models.leases import LeaseHolder, lease_held

logger = logging.getLogger(__name__)

REENQUEUE_AFTER = timedelta(seconds=30)  # a lost ring is repeated after this long
RECHECK_AFTER = timedelta(seconds=5)  # while someone has it in hand
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
    """Ask for a finished task's files, and once more if nobody answers.

    A clip that its worker died over three times in a row is set aside for an hour before its next try.
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
    """What was rung for is looked at now: a cluster that starts does not know what became of the one before."""
    ready = GenerationTask.objects.of_this_site().filter(status=Status.READY, urls_died=False)
    ready.filter(due_at__range=(at, at + REENQUEUE_AFTER)).update(due_at=at)


def lease_of(task_id: int) -> str:
    return f"save:{task_id}"


def save(task_id: int) -> bool:
    """Fetch, verify and keep what a finished task made; True when all of it is stored."""
    with lease_held(lease_of(task_id), seconds=LEASE_SECONDS) as hold:
        if hold is None:
            return False
        task = GenerationTask.objects.select_related("prompt").get(pk=task_id)
        if task.status != Status.READY or task.urls_died or task.crash_count >= MAX_CRASHES:
            return False
        # Counted before the work: what kills its worker leaves no other trace.
        GenerationTask.objects.filter(pk=task_id, status=Status.READY).update(crash_count=task.crash_count + 1)
        try:
            trouble = _bring_home(task, hold)
            hold.outlast(seconds=OUTAGE_SECONDS)
            with transaction.atomic():
                _fence(hold)
                if trouble is None:
                    at = clock.now()
                    return task.move(Status.STORED, "verified and kept", at=at, stored_at=at, **NO_ERROR)
                _try_later(task, str(trouble), at=clock.now(), urls_died=isinstance(trouble, downloads.Gone))
        except LeaseLost:
            logger.warning("task %s: another worker took over its download", task_id)
        return False


def _fence(hold: LeaseHolder) -> None:
    """Let nothing be written in this transaction by a worker that lost its lease: it slept, and another went on."""
    if not hold.renew():
        raise LeaseLost


def _bring_home(task: GenerationTask, hold: LeaseHolder) -> Exception | None:
    """Keep each result that is not kept yet; what stood in the way, or None."""
    ends = time.monotonic() + settings.DOWNLOAD_DEADLINE_SECONDS  # of the job, however many results there are
    try:
        for position, url in enumerate(task.result_urls):
            if not task.videos.filter(position=position).exists():
                _keep(task, position, url, hold, seconds=ends - time.monotonic())
    except (downloads.DownloadError, clips.NotAVideo, OSError) as error:
        return error
    return None


def _keep(task: GenerationTask, position: int, url: str, hold: LeaseHolder, *, seconds: float) -> None:
    """Bring one result home: the file first, then its row."""
    if seconds <= 0:
        raise downloads.TryAgain("the time for one job ran out before this result")
    root, stem = Path(settings.MEDIA_ROOT), f"{clock.now():%Y}/{uuid.uuid4().hex}"
    download = downloads.fetch(
        url,
        root / "tmp",
        origins=Origins.parse(settings.RESULT_ORIGINS),
        max_bytes=settings.DOWNLOAD_MAX_MB * 1_000_000,
        deadline_seconds=seconds,
    )
    poster, file = root / "posters" / f"{stem}.jpg", root / "videos" / f"{stem}.mp4"
    try:
        clip = clips.verify(download.path)
        has_poster = _poster(download.path, poster)
        hold.outlast(seconds=OUTAGE_SECONDS)
        publish_file(download.path, file)
    except BaseException:
        _remove(download.path, poster, file)
        raise
    try:
        with transaction.atomic():
            _fence(hold)
            Video.objects.create(
                task=task,
                position=position,
                title=task.prompt.name if position == 0 else f"{task.prompt.name} ({position + 1})"[:200],
                file=str(file.relative_to(root)),
                poster=str(poster.relative_to(root)) if has_poster else "",
                source_url=url,
                sha256=download.sha256,
                size_bytes=download.size_bytes,
                duration_seconds=clip.duration_seconds,
                width=clip.width,
                height=clip.height,
                fps=clip.fps,
                has_audio=clip.has_audio,
                differences=differences(task, clip),
                created_at=clock.now(),
            )
    except (LeaseLost, IntegrityError, DataError):
        # The row is certainly not there. After any other error it may be: a commit's own answer can be lost, and a
        # file without a row is better than a row without its file.
        _remove(poster, file)
        raise


def _remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def publish_file(part: Path, file: Path) -> None:
    """Give a finished part file its name, durably: the folder is synced as well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    os.replace(part, file)
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _poster(clip: Path, poster: Path) -> bool:
    """Make a still for the lists; a clip without one is still a clip."""
    poster.parent.mkdir(parents=True, exist_ok=True)
    try:
        clips.poster(clip, poster)
    except clips.NotAVideo as error:
        logger.warning("no poster for %s: %s", clip.name, error)
        return False
    return True


def differences(task: GenerationTask, clip: Clip) -> list[str]:
    """Where a clip is not what was ordered, in words: it was paid for, so it is kept and flagged."""
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
    """Not stored this time: tried again until the URLs' life ends, after a question for fresh ones if they died."""
    if mark_lost_if_expired(task, why, at=at):
        return
    if why != task.error_message:
        logger.warning("task %s is paid and not stored yet: %s", task.pk, why)
        task.note(f"not stored yet: {why}", at=at)
    wait = backoff(task.failures, most=BACKOFF_MAX_SECONDS)
    # The conductor may have rung again meanwhile, so the due time is not compared.
    GenerationTask.objects.filter(pk=task.pk, status=Status.READY).update(
        due_at=at + timedelta(seconds=wait), failures=task.failures + 1, urls_died=urls_died,
        error_message=why[:2000], crash_count=0,
    )  # fmt: skip


def retry_later(task_id: int, why: str, *, at: datetime) -> None:
    """A fault of ours, at the job's outermost door: the row says so, and is tried again like any other."""
    with lease_held(lease_of(task_id), seconds=LEASE_SECONDS) as hold:
        task = GenerationTask.objects.get(pk=task_id)
        if hold and task.status == Status.READY:
            _try_later(task, why, at=at)
