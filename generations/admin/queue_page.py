"""The content of the queue's page: the tasks that need a person, wait, are generated or saved, and how far each is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Model
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.admin import attention, display
from generations.admin.task_page import Progress
from generations.formats import duration
from generations.lifecycle.capacity import why_full
from generations.logs import masked
from generations.models import Delivery, GenerationTask, Pause, Person, Status, TaskEvent
from generations.models.task_queries import TaskQuerySet

SHOWN = 25  # rows of a part; the list of tasks has all
ANSWER_LENGTH = 1000  # characters of a callback
BAR_ENDS_AT = 1.25  # times the longest expected time; a longer task makes its bar's scale longer
# All that a row shows.
COLUMNS = (
    "status", "prompt__title", "prompt__text", "provider", "model", "mode", "duration_seconds", "parameters",
    "price_usd", "price_is_minimum", "practice", "order_batch_id", "ordered_by__username", "start_image__file",
    "due_at", "created_at", "submitted_at", "finished_at", "remote_id", "candidate_id", "candidate_answer",
    "remote_state", "error_kind", "error_code", "error_message", "failures", "send_count", "poll_count",
)  # fmt: skip
HINTS = {
    "person": _("The machine does not decide these. Open a task to see the evidence and decide."),
    "queued": _("Waiting to be sent, the next one first. Nothing is charged before a clip is made."),
    "generating": _("The provider is making these. Each is charged when its clip is made."),
    "saving": _("Made and charged. The files are being downloaded and verified."),
}
TITLES = {
    "person": _("Needs a person"), "queued": _("Queued"), "generating": _("Generating"), "saving": _("Saving"),
}  # fmt: skip
COUNTED = {
    "person": _("{n} for a person"), "queued": _("{n} queued"), "generating": _("{n} generating"),
    "saving": _("{n} saving"),
}  # fmt: skip
LISTS = {"person": "person", "queued": "queued", "generating": "provider", "saving": "ready"}  # filters of the list


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A task of the queue, as the page shows it."""

    task: GenerationTask
    picture: str
    settings: str
    price: str
    who: str
    is_mine: bool
    bar: str
    time: str
    next_step: str
    answers: list[tuple[str, str]]
    siblings: int  # queued orders of its batch, with itself; 0 where nothing can be changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Its first rows, and how many tasks it has in all and of the person who looks."""

    key: str
    rows: list[Row]
    count: int
    mine: int
    more: int
    more_url: str

    @property
    def title(self) -> str:
        return str(TITLES[self.key])

    @property
    def hint(self) -> str:
        return str(HINTS[self.key])

    @property
    def yours(self) -> str:
        """Whose they are, in words: `2 of 5 are yours`."""
        if not self.count:
            return gettext("none")
        if self.mine == self.count:
            return ngettext("yours", "all {n} are yours", self.count).format(n=f"{self.count:,}")
        text = ngettext("{n} of {count} is yours", "{n} of {count} are yours", self.mine)
        return text.format(n=f"{self.mine:,}", count=f"{self.count:,}")


def queue(person: Person, *, only_mine: bool, at: datetime) -> dict[str, object]:
    """Return what the page shows and queue.js refreshes."""
    lines = {key: list(tasks.values_list("pk", "ordered_by")) for key, tasks in _parts(at=at).items()}
    chosen = {key: [pk for pk, by in line if by == person.pk or not only_mine] for key, line in lines.items()}
    tasks = _tasks([pk for pks in chosen.values() for pk in pks[:SHOWN]])
    pauses = list(Pause.objects.select_related("paused_by"))
    answers = _answers(list(tasks.values()))
    siblings = _siblings(list(tasks.values()))
    parts = [
        Part(
            key=key,
            rows=[
                _row(key, task, person, pauses, answers[task.pk], siblings.get(task.order_batch_id, 1), at=at)
                for pk in chosen[key][:SHOWN]
                if (task := tasks.get(pk))
            ],
            count=len(line),
            mine=Counter(by for __, by in line)[person.pk],
            more=max(0, len(chosen[key]) - SHOWN),
            more_url=_list_url(key),
        )
        for key, line in lines.items()
    ]
    return {
        "parts": parts,
        "pauses": pauses,
        "full": why_full(),
        "only_mine": only_mine,
        "is_moving": any(part.count for part in parts if part.key != "person"),
        "words": ", ".join(COUNTED[part.key].format(n=f"{part.count:,}") for part in parts),
    }


def _parts(*, at: datetime) -> dict[str, TaskQuerySet]:
    """Return the tasks of each part, in its order; a task is in one part only."""
    tasks = GenerationTask.objects.of_this_site()
    overdue = attention.overdue_ids(at=at)
    return {
        # The newest first: lost ones stay until someone checks them, and would hide what is new.
        "person": tasks.filter(attention.needs_a_person(overdue)).order_by("-pk"),
        "queued": tasks.filter(status=Status.QUEUED).in_order_of_sending(),
        "generating": tasks.filter(status__in=(Status.SUBMITTING, Status.RUNNING)).exclude(pk__in=overdue)
        .order_by("submitted_at", "pk"),
        "saving": tasks.filter(status=Status.READY).exclude(attention.UNSAVED).order_by("finished_at", "pk"),
    }  # fmt: skip


def _tasks(pks: Sequence[int]) -> dict[int, GenerationTask]:
    """Return whole rows of tasks; the order was found from numbers alone."""
    return GenerationTask.objects.select_related("prompt", "ordered_by", "start_image").only(*COLUMNS).in_bulk(pks)


def _siblings(tasks: Sequence[GenerationTask]) -> dict[int | None, int]:
    """Return how many orders of each batch among these are queued."""
    batches = {task.order_batch_id for task in tasks if task.status == Status.QUEUED and task.order_batch_id}
    queued = GenerationTask.objects.filter(order_batch__in=batches, status=Status.QUEUED).order_by()
    return dict(queued.values_list("order_batch").annotate(n=Count("pk")))


def _list_url(key: str) -> str:
    practice = int(settings.PRACTICE)
    return f"{reverse('admin:generations_generationtask_changelist')}?status={LISTS[key]}&practice__exact={practice}"


def _row(
    key: str,
    task: GenerationTask,
    person: Person,
    pauses: Sequence[Pause],
    answers: list[tuple[str, str]],
    siblings: int,
    *,
    at: datetime,
) -> Row:
    progress = _progress(task, at=at)
    return Row(
        task=task,
        picture=_picture(task),
        settings=display.settings_line(task),
        price=display.task_price(task),
        who=gettext("you") if task.ordered_by == person else str(task.ordered_by or gettext("a command")),
        is_mine=task.ordered_by == person,
        bar=bar(progress) if progress else "",
        time=progress.words if progress else _time(task, at=at),
        next_step=_reason(task) if key == "person" else _next_step(task, pauses, at=at),
        answers=answers,
        siblings=siblings if task.status == Status.QUEUED else 0,
    )


def _progress(task: GenerationTask, *, at: datetime) -> Progress | None:
    if task.status != Status.RUNNING or not task.submitted_at:
        return None
    low, high = task.expected_seconds(scale=settings.WAIT_SCALE)
    return Progress(max(0.0, (at - task.submitted_at).total_seconds()), low, high)


def bar(progress: Progress) -> str:
    """Return the elapsed time over the expected range as a picture; SVG needs no inline style."""
    whole = max(progress.high * BAR_ENDS_AT, progress.elapsed) or 1.0
    low, high, elapsed = (100 * seconds / whole for seconds in (progress.low, progress.high, progress.elapsed))
    return format_html(
        '<svg class="span{}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="expected" x="{}" width="{}" height="6"/><rect class="elapsed" width="{}" y="1.5" height="3"/>'
        "</svg>",
        " span-late" if progress.elapsed > progress.high else "", progress.words,
        f"{low:.1f}", f"{high - low:.1f}", f"{elapsed:.1f}",
    )  # fmt: skip


def _picture(task: GenerationTask) -> str:
    """Return the start image, or what the clip is made from as an icon."""
    if task.start_image:
        return display.poster(task.start_image.file.url)
    return format_html(
        '<span class="poster queue-icon"><svg viewBox="0 0 16 16" aria-hidden="true"><use href="#queue-{}"/></svg>'
        "</span>",
        "text" if "text-to" in task.mode else "image",
    )


def _time(task: GenerationTask, *, at: datetime) -> str:
    """Return how long a task has waited, or has been saved."""
    if task.status == Status.READY and task.finished_at:
        return gettext("made {time} ago").format(time=duration((at - task.finished_at).total_seconds()))
    if task.status == Status.QUEUED:
        return gettext("waiting {time}").format(time=duration((at - task.created_at).total_seconds()))
    since = task.submitted_at or task.created_at
    return gettext("sent {time} ago").format(time=duration((at - since).total_seconds()))


def _next_step(task: GenerationTask, pauses: Iterable[Pause], *, at: datetime) -> str:
    """Return what the machine does next with a task, and when."""
    if task.status == Status.QUEUED and (
        pause := next((one for one in pauses if one.stops(task.provider, task.model)), None)
    ):
        orders = f"{pause.subject[0].lower()}{pause.subject[1:]}"
        return gettext("waits: {orders} are paused").format(orders=orders)
    seconds = (task.due_at - at).total_seconds() if task.due_at else 0.0
    later = duration(seconds)
    fails = task.failures and seconds > 0
    if task.status == Status.QUEUED:
        return gettext("sent again in {time}").format(time=later) if fails else gettext("waiting to be sent")
    if task.status == Status.SUBMITTING:
        return gettext("being sent")
    if task.status == Status.READY:
        text = gettext("the download failed, next try in {time}")
        return text.format(time=later) if fails else gettext("being downloaded")
    return gettext("next check in {time}").format(time=later) if seconds > 0 else gettext("being checked")


def _reason(task: GenerationTask) -> str:
    """Say in one sentence why a task needs a person."""
    provider = task.provider_name
    if task.status == Status.UNCONFIRMED:
        text = gettext("{provider} did not confirm this order. Compare the evidence, then decide.")
        return text.format(provider=provider)
    if task.status == Status.LOST:
        return gettext("Charged, and its clip can no longer be downloaded. Check once more, or order it again.")
    if task.status == Status.READY:
        return gettext("Charged, and its download keeps failing. Look at the last error.")
    if task.status == Status.RUNNING:
        return gettext("Takes far longer than usual. Check now, or ask {provider}.").format(provider=provider)
    text = gettext("Closed as not accepted, and {provider} named it later. It may be charged.")
    return text.format(provider=provider)


Answers = dict[int, list[tuple[str, str]]]


def _answers(tasks: Sequence[GenerationTask]) -> Answers:
    """Return what is recorded of each task's last answers, by name; tokens are masked."""
    events = TaskEvent.objects.filter(pk__in=_last(TaskEvent, tasks))
    lines = {event.task_id: f"{localtime(event.at):%H:%M:%S} {event.reason}" for event in events}
    callbacks = Delivery.objects.filter(pk__in=_last(Delivery, tasks)).annotate(start=Left("body", ANSWER_LENGTH))
    bodies = dict(callbacks.values_list("task_id", "start"))
    found: Answers = {}
    for task in tasks:
        named = [
            (gettext("State"), task.remote_state),
            (gettext("Error"), " ".join(part for part in (task.error_code, task.error_message) if part)),
            (gettext("About the id"), task.candidate_answer),
            (gettext("Timeline"), lines.get(task.pk, "")),
            (gettext("Last callback"), _pretty(bodies.get(task.pk, ""))),
        ]
        found[task.pk] = [(name, masked(text)) for name, text in named if text]
    return found


def _last(model: type[Model], tasks: Sequence[GenerationTask]) -> list[int]:
    """Return the id of each task's newest row."""
    rows = model._default_manager.filter(task__in=[task.pk for task in tasks]).order_by()
    return list(rows.values("task").annotate(last=Max("pk")).values_list("last", flat=True))


def _pretty(body: str) -> str:
    """Return a callback's JSON indented, and what is no whole JSON as it came."""
    try:
        return json.dumps(json.loads(body), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
