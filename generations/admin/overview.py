"""What goes on in the studio: the tasks that need a person, are under way or not saved, the last clips, failures, and
who works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.admin import attention, display, task_page
from generations.admin.task_page import Progress
from generations.formats import duration
from generations.models import BalanceReading, GenerationTask, Lease, Pause, Person, Status, Video
from generations.models.leases import HEARTBEAT
from generations.providers.offers import provider_name

SHOWN = 6  # tasks of each part; the lists have all
CLIPS = 12
NEWEST = 500  # orders
FAILURE_DAYS = 7
HURRY = timedelta(hours=24)  # before a download link expires
# Why a clip was not made, in few words; a task's page explains them.
FAILURE_WORDS = {
    "content": _("Content filter"),
    "input": _("Parameter or picture"),
    "provider": _("Problem of the provider"),
    "account": _("Key or balance"),
    "access": _("No access to the model"),
    "not accepted": _("Not accepted"),
    "lost": _("Lost at the provider"),
    "unknown": _("No known reason"),
}

# Why a task needs a person.
REASONS = {
    Status.UNCONFIRMED: _("nobody knows whether it was accepted: decide"),
    Status.LOST: _("charged, and it can no longer be downloaded"),
    Status.READY: _("charged, and its download keeps failing"),
    Status.RUNNING: _("takes far longer than usual"),
    Status.FAILED: _("closed as not accepted, and named by the provider later"),
    Status.CANCELED: _("canceled, and named by the provider later"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A task as a line: where it stands, and what is to be known of it."""

    task: GenerationTask
    badge: str
    words: str = ""
    progress: Progress | None = None
    hurries: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Tasks that belong together: the first of them, how many there are, and the address of all."""

    lines: list[Line]
    count: int
    url: str

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


@dataclass(frozen=True, slots=True)
class Failure:
    """How many orders failed in the last days for one kind of reason, and which share of all failures that is."""

    words: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True)
class ProviderState:
    """Whether orders go to a provider, how long ago it accepted one, and its balance; empty where it is unknown."""

    name: str
    is_paused: bool
    is_partly_paused: bool  # the orders of some models
    accepted: str
    balance: str


def tasks(*, at: datetime) -> dict[str, Any]:
    """Return the tasks that people look at first, and the counts of the others."""
    overdue = attention.overdue_ids(at=at)
    rows = GenerationTask.objects.all()
    counts = dict(rows.active().order_by().values_list("status").annotate(n=Count("id")))
    person = rows.filter(attention.needs_a_person(overdue))
    unsaved = rows.filter(status=Status.READY).order_by("source_expires_at", "id")
    generating = rows.filter(status__in=[Status.SUBMITTING, Status.RUNNING]).exclude(pk__in=overdue)
    parts = {
        "person": _part(person.order_by("-id"), person.count(), _list_url("person"), _undecided),
        "unsaved": _part(unsaved, counts.get(Status.READY, 0), _list_url("ready"), partial(_unsaved, at=at)),
        "generating": _part(
            generating.order_by("submitted_at", "id"), generating.count(), reverse("admin:queue"),
            partial(_moving, at=at),
        ),
    }  # fmt: skip
    return {**parts, "tiles": _tiles(counts, parts, at=at)}


def _part(rows: QuerySet[GenerationTask], count: int, url: str, line: Callable[[GenerationTask], Line]) -> Part:
    return Part([line(task) for task in rows.select_related("prompt")[:SHOWN]] if count else [], count, url)


def _list_url(status: str) -> str:
    return f"{reverse('admin:generations_generationtask_changelist')}?status={status}"


def _undecided(task: GenerationTask) -> Line:
    return Line(task, display.badge(task.status), str(REASONS[Status(task.status)]))


def _moving(task: GenerationTask, *, at: datetime) -> Line:
    progress = task_page.progress(task, at=at)
    return Line(task, display.badge(task.status), progress.words if progress else gettext("being sent"), progress)


def _unsaved(task: GenerationTask, *, at: datetime) -> Line:
    """Say how long the download link of a task lives."""
    badge, expires_at = display.badge(task.status), task.source_expires_at
    if expires_at is None:
        return Line(task, badge, gettext("not saved; the provider does not say how long it keeps the clip"))
    if expires_at <= at:
        return Line(task, badge, gettext("not saved, and its download link has expired"), hurries=True)
    left = expires_at - at
    words = gettext("not saved; {time} left to download it").format(time=duration(left.total_seconds()))
    return Line(task, badge, words, hurries=left < HURRY)


def _tiles(counts: dict[str, int], parts: dict[str, Part], *, at: datetime) -> list[dict[str, Any]]:
    """Return the counts that begin the page; each leads to what it counts."""
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    stored = Video.objects.filter(created_at__gte=today).count()
    person, unsaved, generating = parts["person"], parts["unsaved"], parts["generating"]
    hurry = any(line.hurries for line in unsaved.lines)
    return [
        {"name": gettext("Need a person"), "count": person.count, "url": person.url,
         "tone": "warn" if person.count else "",
         "words": gettext("to decide or to look") if person.count else gettext("nothing to decide")},
        {"name": gettext("Waiting"), "count": counts.get(Status.QUEUED, 0), "url": generating.url,
         "words": gettext("to be sent")},
        {"name": gettext("In flight"), "count": generating.count, "url": generating.url,
         "words": gettext("being made")},
        {"name": gettext("Unsaved results"), "count": unsaved.count, "url": unsaved.url,
         "tone": "warn" if hurry else "",
         "words": unsaved.lines[0].words if unsaved.lines else gettext("all that was made is stored")},
        {"name": gettext("Stored today"), "count": stored, "url": f"{reverse('catalog')}?since={today:%Y-%m-%d}",
         "words": gettext("clips, verified")},
    ]  # fmt: skip


def last_clips(viewer: Person) -> Iterable[Video]:
    """Return the newest clips that a person may see."""
    return Video.objects.visible_to(viewer).order_by("-created_at", "-id")[:CLIPS]


def failures(*, at: datetime) -> list[Failure]:
    """Count the orders that failed in the last days, by kind, the most frequent first."""
    failed = GenerationTask.objects.filter(status=Status.FAILED, finished_at__gte=at - timedelta(days=FAILURE_DAYS))
    counts = list(failed.order_by().values_list("error_kind").annotate(n=Count("id")))
    total = sum(n for __, n in counts)
    other = FAILURE_WORDS["unknown"]
    rows = [(str(FAILURE_WORDS.get(kind, other)), n, round(100 * n / total)) for kind, n in counts]
    return [Failure(*row) for row in sorted(rows, key=lambda row: (-row[1], row[0]))]


def providers(*, at: datetime) -> list[ProviderState]:
    """Return the state of each provider; acceptances are looked for among the newest orders."""
    pauses = list(Pause.objects.all())
    newest = GenerationTask.objects.order_by("-pk").values("pk")[:NEWEST]
    accepted = GenerationTask.objects.of_this_site().filter(pk__in=newest, remote_id__isnull=False).order_by()
    last = dict(accepted.values_list("provider").annotate(at=Max("submitted_at")))
    return [
        ProviderState(
            name=provider_name(name),
            is_paused=any(pause.stops(name, "") for pause in pauses),
            is_partly_paused=any(pause.provider == name and pause.model for pause in pauses),
            accepted=_ago(last.get(name), at=at),
            balance=_balance(name, at=at),
        )
        for name in settings.PROVIDERS
    ]


def _balance(provider: str, *, at: datetime) -> str:
    reading = BalanceReading.objects.of(provider, practice=settings.PRACTICE).read().last()
    if not reading:
        return ""
    text = gettext("{balance}, read {time} ago")
    return text.format(balance=reading.shown, time=duration((at - reading.at).total_seconds()))


def heartbeat(*, at: datetime) -> str:
    """Return how long ago a worker recorded a heartbeat; empty when none ever did."""
    return _ago(Lease.objects.filter(name=HEARTBEAT).values_list("expires_at", flat=True).first(), at=at)


def _ago(moment: datetime | None, *, at: datetime) -> str:
    return gettext("{time} ago").format(time=duration((at - moment).total_seconds())) if moment else ""
