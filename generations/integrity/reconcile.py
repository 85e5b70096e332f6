"""Reconcile rows and files: repair what can be repaired, and report the rest to staff.

It may run at any time. No task changes its status here, and no transaction is open while a file is read or fetched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from generations.integrity import repair
from generations.integrity.cleanup import remove_stale_parts
from generations.integrity.compare import batches, chunks, damage
from generations.integrity.quarantine import quarantine_orphans
from generations.media.store import CHANGED, FOLDERS, Unreadable, shown, store
from generations.models import GenerationTask, Lease, ReferenceImage, Status, Video
from generations.models.leases import LeaseHolder, lease_held
from generations.models.task_queries import TaskQuerySet

logger = logging.getLogger(__name__)

LEASE, LEASE_SECONDS = "reconcile", 20.0
DEAD_LEASE_SECONDS = 600.0  # a lease that expired this long ago has no living holder
READERS = 2  # files read at once: more would slow the catalog's reads
PORTION_BYTES = 200_000_000  # read between two checks of the clock
OVERDUE = timedelta(minutes=5)
FAR_AHEAD = timedelta(days=2)  # longer than every wait: a wrong clock wrote this time
NO_ANSWERS = 3  # in a row end the fetching of this run: each may take minutes
COLUMNS = (
    "file", "poster", "poster_small", "poster_seconds", "preview", "position", "source_url", "sha256", "size_bytes",
    "damage", "task__result_urls",
)  # fmt: skip
REPAIRABLE = ("videos", "images", "posters", "previews")
PERSON = {
    Status.UNCONFIRMED: "nobody knows whether the provider accepted it",
    Status.LOST: "charged, clip lost",
}


@dataclass
class AuditResult:
    """What was compared, what was repaired, and what remains for a person."""

    finished: bool = False  # False: another run was under way, or this slice's time is over
    checked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("videos", "images", "files", "bytes"), 0))
    repaired: dict[str, list[int]] = field(default_factory=lambda: {kind: [] for kind in REPAIRABLE})
    cleared: list[int] = field(default_factory=list)  # videos that were marked as damaged, and are complete
    posters_blanked: list[int] = field(default_factory=list)  # videos whose poster cannot be made
    quarantined: list[dict[str, str]] = field(default_factory=list)
    parts_removed: list[str] = field(default_factory=list)
    leases_cleared: int = 0
    overdue: list[int] = field(default_factory=list)  # tasks that are overdue by minutes
    hastened: list[int] = field(default_factory=list)  # tasks that were due days ahead
    remains: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return self.finished and not self.remains

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.is_well, **asdict(self)}

    def __str__(self) -> str:
        repaired = ", ".join(f"{len(ids)} {what}" for what, ids in self.repaired.items())
        end = f"{len(self.remains)} remain for a person" if self.finished else "to be continued"
        return (
            f"{self.checked['videos']} clips compared, repaired {repaired}, {len(self.quarantined)} files quarantined, "
            f"{len(self.overdue)} tasks overdue; {end}"
        )

    def leave(self, what: str, why: str, *, pk: int | None = None, path: str = "") -> None:
        self.remains.append({"what": what, "id": pk, "path": shown(path) or None, "why": why})


@dataclass(frozen=True, slots=True)
class Slice:
    """The limits of one part of a long run: how long it may take, and which clips it may skip as compared already."""

    seconds: float
    since: datetime


def reconcile(
    *, at: datetime, worker_lives: bool, part: Slice | None = None, wait_seconds: float = 0.0
) -> AuditResult | None:
    """Compare and repair, one run at a time; return None if another run did not end within `wait_seconds`."""
    ends = time.monotonic() + wait_seconds
    while True:
        with lease_held(LEASE, seconds=LEASE_SECONDS) as lease:
            if lease is not None:
                return _Run(lease, at, part).all(worker_lives=worker_lives)
        if time.monotonic() >= ends:
            return None
        time.sleep(0.2)


class _Run:
    def __init__(self, lease: LeaseHolder, at: datetime, part: Slice | None) -> None:
        self.lease, self.at, self.part = lease, at, part
        self.ends = time.monotonic() + part.seconds if part else float("inf")
        self.done = AuditResult()
        self.why_not: dict[int, str] = {}
        self.no_answers = 0

    def all(self, *, worker_lives: bool) -> AuditResult:
        # First: it fences savers that were suspended, so no row can come for a file in quarantine.
        self.done.leases_cleared = Lease.objects.clear_dead("save:", seconds=DEAD_LEASE_SECONDS)
        self.done.parts_removed = remove_stale_parts(at=self.at)
        if not store.is_mounted() and Video.objects.exists():
            self.done.leave(
                "store", "the folder of clips is missing: is its disk mounted?", path=str(store.root / "videos")
            )
            self.done.finished = True
        elif self._clips():
            self._images()
            self._orphans()
            self.done.finished = self.lease.is_ours
        self._tasks(worker_lives=worker_lives)
        self._damaged()
        return self.done

    # --- Clips

    def _clips(self) -> bool:
        """Compare each clip with its row; False when the time ended before the last."""
        rows = Video.objects.select_related("task").only(*COLUMNS)
        if self.part:
            rows = rows.filter(Q(checked_at=None) | Q(checked_at__lt=self.part.since))
        with ThreadPoolExecutor(READERS, thread_name_prefix="read") as pool:
            for batch in chunks(rows):
                for portion in _portions(batch):
                    if not self._apply(portion, list(pool.map(damage, portion))):
                        return False
        return True

    def _apply(self, portion: list[Video], found: list[str | Unreadable]) -> bool:
        """Repair and record the outcome; return whether there is time for more."""
        compared, changed = [], []
        for video, harm in zip(portion, found, strict=True):
            self.done.checked["videos"] += 1
            if isinstance(harm, Unreadable):
                self.why_not[video.pk] = str(harm)
                continue
            self.done.checked["bytes"] += video.size_bytes if harm in ("", CHANGED) else 0
            before, in_time = video.damage, self._has_time
            video.damage = self._after_repair(video, harm) if harm else ""
            if in_time or not video.damage:  # else the next slice compares it first
                compared.append(video.pk)
            if video.damage != before:
                changed.append(video)
                self._tell(video, was=before, harm=harm)
            if not video.damage:
                self._pictures(video, is_repaired=bool(harm))
        with transaction.atomic():
            Video.objects.filter(pk__in=compared).update(checked_at=self.at)
            Video.objects.bulk_update(changed, ["damage"])
        return self._has_time

    @property
    def _has_time(self) -> bool:
        return self.lease.is_ours and time.monotonic() < self.ends

    def _after_repair(self, video: Video, harm: str) -> str:
        """Try to repair a clip; return what is still wrong with it."""
        may_fetch = self._has_time and self.no_answers < NO_ANSWERS
        try:
            repair.repair(video, fetch_seconds=settings.DOWNLOAD_DEADLINE_SECONDS if may_fetch else 0)
        except repair.NotRepaired as error:
            self.no_answers = self.no_answers + 1 if isinstance(error, repair.NoAnswer) else 0
            self.why_not[video.pk] = str(error)
            return harm
        self.no_answers = 0
        self.done.repaired["videos"].append(video.pk)
        logger.info("video %s: %s; its file was restored", video.pk, harm)
        return ""

    def _tell(self, video: Video, *, was: str, harm: str) -> None:
        if video.damage:
            logger.error("video %s is damaged: %s (%s)", video.pk, video.damage, video.file)
        elif was and not harm:
            logger.info("video %s is complete again", video.pk)
            self.done.cleared.append(video.pk)

    def _pictures(self, video: Video, *, is_repaired: bool) -> None:
        """Make lost posters again, and have lost previews made; a clip that was repaired may have lacked its own."""
        if video.poster and not repair.has_posters(video):
            self._posters(video)
        if not repair.has_preview(video) if video.preview else is_repaired:
            Video.objects.filter(pk=video.pk, preview=video.preview).make_preview_again(at=self.at)
            self.done.repaired["previews"].append(video.pk)

    def _posters(self, video: Video) -> None:
        try:
            if repair.make_posters(video):
                self.done.repaired["posters"].append(video.pk)
                return
        except OSError as error:
            self.done.leave("poster", f"it cannot be made: {error.strerror}", pk=video.pk, path=str(video.poster))
            return
        Video.objects.filter(pk=video.pk, poster=video.poster).update(poster="", poster_small="")
        self.done.posters_blanked.append(video.pk)

    def _damaged(self) -> None:
        """Report all clips that are or arrived damaged, and those that could not be read."""
        for video in Video.objects.exclude(damage="").order_by("pk").only("file", "damage").iterator():
            words = [video.damage, self.why_not.pop(video.pk, "")]
            self.done.leave("video", "; ".join(filter(None, words)), pk=video.pk, path=str(video.file))
        for video in Video.objects.arrived_damaged().order_by("pk").only("file", "arrived_damaged").iterator():
            why = f"arrived damaged: {video.arrived_damaged}; watch it, then approve or reject it"
            self.done.leave("video", why, pk=video.pk, path=str(video.file))
        for pk, why in self.why_not.items():
            self.done.leave("video", why, pk=pk)

    # --- Other files

    def _images(self) -> None:
        """Compare start images; a slice only checks that their files exist."""
        for batch in chunks(ReferenceImage.objects.only("file", "sha256")):
            for image in batch:
                self.done.checked["images"] += 1
                harm = damage(image, deep=self.part is None)
                if harm and not isinstance(harm, Unreadable) and store.restore(str(image.file), sha256=image.sha256):
                    self.done.repaired["images"].append(image.pk)
                elif harm:
                    self.done.leave("image", str(harm), pk=image.pk, path=str(image.file))

    def _orphans(self) -> None:
        for batch in batches(store.walk(*FOLDERS)):
            if not self.lease.is_ours:
                return
            self.done.checked["files"] += len(batch)
            aside = quarantine_orphans(batch, at=self.at)
            self.done.quarantined += aside.moved
            for name, why in aside.left:
                self.done.leave("file", why, path=name)

    # --- Tasks

    def _tasks(self, *, worker_lives: bool) -> None:
        """Make due what a wrong clock put off, and report what is overdue or waits for a person."""
        tasks = GenerationTask.objects.of_this_site()
        ahead = tasks.active().filter(due_at__gt=self.at + FAR_AHEAD)
        self.done.hastened = list(ahead.order_by("pk").values_list("pk", flat=True))
        GenerationTask.objects.filter(pk__in=self.done.hastened, due_at__gt=self.at + FAR_AHEAD).update(due_at=self.at)
        self.done.overdue = list(overdue(at=self.at).order_by("pk").values_list("pk", flat=True))
        if self.done.overdue and not worker_lives:
            self.done.leave("worker", "tasks are overdue, and no worker runs: start `manage.py worker`")
        for pk, status in tasks.filter(status__in=PERSON).order_by("pk").values_list("pk", "status"):
            self.done.leave("task", f"{status}: {PERSON[Status(status)]}", pk=pk)


def overdue(*, at: datetime) -> TaskQuerySet:
    """Return tasks that the worker should have handled five minutes ago."""
    return GenerationTask.objects.of_this_site().active().filter(due_at__lt=at - OVERDUE)


def _portions(batch: list[Video]) -> Iterator[list[Video]]:
    """Yield as many clips at a time as are read in about a second; at least one."""
    portion: list[Video] = []
    size = 0
    for video in batch:
        if portion and size + video.size_bytes > PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(video)
        size += video.size_bytes
    yield portion
