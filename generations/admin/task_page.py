"""A task's page: its facts, its progress, and what can be done now, with what that would cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects
from django.forms import Form

from generations.admin import display, evidence, ledger, paid_actions, task_actions
from generations.formats import duration, usd
from generations.lifecycle import retries
from generations.lifecycle.capacity import why_paused
from generations.lifecycle.retries import AGAIN_FROM
from generations.lifecycle.saving import SET_ASIDE
from generations.models import EntryKind, GenerationTask, LedgerEntry, Status
from generations.money import ledger as costs

EXPLAINED = {
    Status.QUEUED: "Waits to be sent. Until then it can be taken back, and costs nothing.",
    Status.SUBMITTING: "On its way to {provider}; the answer decides.",
    Status.RUNNING: "Accepted; {provider} is making the clip.",
    Status.READY: "The clip is made; its file is being fetched and checked.",
    Status.STORED: "The whole file is here, checked.",
    Status.FAILED: "No clip was made.",
    Status.UNCONFIRMED: "Nobody knows whether {provider} accepted this order. It is not sent again: a second order may "
    "be a second bill.",
    Status.LOST: "{provider} accepted it, and no longer has it. A look asks once more.",
    Status.CANCELED: "Taken back before it was sent. Nothing was charged.",
}
ERRORS = {
    "content": "A content filter refused the prompt, a picture or the result. The same order will be refused again: "
    "change it first.",
    "input": "A parameter or a picture was not accepted. The same order will be refused again: change it first.",
    "provider": "The trouble was on the provider's side. The same order may go through later.",
    "account": "The provider refused the key or the account's money. Orders wait until someone has seen to it.",
    "unknown": "The provider gave no reason that we know.",
    SET_ASIDE: "The worker died over this clip each time it tried. Next try within an hour, or by Poll now.",
    "lost": "The provider no longer knows this task, or its file is gone.",
    "not accepted": "A person made sure that the provider accepted nothing.",
}
NO_CLIP = (Status.FAILED, Status.LOST)
LOOKED_AT = (Status.RUNNING, Status.READY, Status.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button, with what it means in words; `form` is what it has to be told."""

    name: str
    label: str
    hint: str
    form: Form | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How long it takes against how long it should; in seconds."""

    elapsed: float
    low: float
    high: float

    @property
    def words(self) -> str:
        return f"{display.usual(self.low, self.high)}, running {duration(self.elapsed)}"

    @property
    def value(self) -> int:
        """Percent of the slowest documented time; the last tenth is for those that take longer."""
        return min(90 if self.elapsed <= self.high else 99, round(90 * self.elapsed / self.high) if self.high else 99)


def live(task: GenerationTask, *, at: datetime) -> dict[str, Any]:
    """What the page shows and refreshes."""
    entries = LedgerEntry.objects.select_related("by").order_by("id")
    prefetch_related_objects([task], "videos", "retries", Prefetch("entries", queryset=entries))
    return {
        "task": task,
        "badge": display.badge(task.status),
        "explained": EXPLAINED[Status(task.status)].format(provider=task.provider.upper()),
        "obstacle": why_paused(task.provider) if task.status == Status.QUEUED else "",
        "held": _held(task),
        "evidence": evidence.of(task) if task.status == Status.UNCONFIRMED else None,
        "progress": _progress(task, at=at),
        "next_look": duration((task.due_at - at).total_seconds()) if task.due_at and task.due_at > at else "",
        "error_explained": _explain(task),
        "ordered": list(_ordered(task)),
        "money": list(_money(task)),
        "traffic": list(_traffic(task)),
        "times": list(_times(task)),
        "events": task.events.select_related("by"),
        "charged": any(entry.kind == EntryKind.CHARGE for entry in task.entries.all()),
        "entries": [(entry, ledger.WORDS[entry.kind]) for entry in task.entries.all()],
        "videos": [(video, display.video_poster(video, href=display.admin_url(video))) for video in task.videos.all()],
        "retries": task.retries.all(),
    }


def _explain(task: GenerationTask) -> str:
    if task.status in NO_CLIP or task.error_kind == SET_ASIDE:
        return ERRORS.get(task.error_kind, "")
    return "The last trouble"


def choices(task: GenerationTask, *, at: datetime) -> list[Choice]:
    """What can be done to the task as it is now."""
    return [*_decisions(task), *_orders(task, at=at)]


def _decisions(task: GenerationTask) -> Iterator[Choice]:
    provider = task.provider.upper()
    if task.status == Status.UNCONFIRMED:
        free = [one.remote_id for one in evidence.of(task).candidates if one.owner is None]
        yield Choice(
            name="confirm", label="Attach the id", tone="default",
            form=task_actions.ConfirmForm(initial={"remote_id": free[0] if len(free) == 1 else ""}),
            hint=f"{provider} did accept it: you found the order in {provider}'s own list of tasks, or one of the "
            "candidates is it. It goes on, and is charged when its clip is made. A look proves the id first.",
        )  # fmt: skip
        yield Choice(
            name="abandon", label="Confirm that nothing was accepted", form=task_actions.WhyForm(auto_id="abandon_%s"),
            tone="danger",
            hint=f"{provider} has no such order and took no money: what is reserved is free again. Nothing is sent; "
            '"Try again" is a step of its own after this one.',
        )  # fmt: skip
        yield Choice(
            name="wait", label="Keep waiting", form=task_actions.WaitForm(auto_id="wait_%s"),
            hint="Decides nothing: the money stays reserved, nothing is sent. A callback or a late answer can still "
            "settle it, and it comes up again in a day.",
        )  # fmt: skip
    if task.can_be_canceled:
        yield Choice(name="cancel", label="Cancel", hint="Not sent yet: nothing is charged.", tone="danger")
    if task.status in LOOKED_AT and task.remote_id:
        yield Choice(name="poll", label="Poll now", hint="Asks now and not when it is due. Costs nothing.")


def _orders(task: GenerationTask, *, at: datetime) -> Iterator[Choice]:
    price = usd(costs.estimate(task.order(), at=at))
    mark = ", practice" if settings.PRACTICE else ""
    if task.status in AGAIN_FROM:
        paid = task.status == Status.LOST
        hint = "A new order of the same; its receipt comes first. " + (
            "The lost one was accepted and stays charged; this one is charged as well."
            if paid else "Nothing was charged for this one."
        )  # fmt: skip
        yield Choice(name="again", label=f"Try again ({price}{mark})", hint=hint, tone="" if paid else "default")
    yield Choice(
        name="take", label=f"Another take ({price}{mark})",
        hint="One more clip with the very same settings. The receipt comes first.",
    )  # fmt: skip
    if task.status == Status.STORED and (ways := retries.promotions(task, at=at)):
        yield Choice(
            name="promote", label="Promote", form=paid_actions.PromoteForm(ways),
            hint="The same prompt and frames on a dearer mode, linked to this one. The receipt comes first.",
        )  # fmt: skip


def _held(task: GenerationTask) -> str:
    """What is reserved for it now, in words; empty when it is settled."""
    kinds = {entry.kind for entry in task.entries.all()}
    if EntryKind.HOLD not in kinds or kinds & {EntryKind.CHARGE, EntryKind.RELEASE}:
        return ""
    if task.price_usd is None:
        return "Reserved: at an unknown price."
    return f"Reserved: {usd(task.price_usd)}{', practice money' if task.practice else ''}."


def _progress(task: GenerationTask, *, at: datetime) -> Progress | None:
    if task.status != Status.RUNNING or not task.submitted_at:
        return None
    low, high = task.expected_seconds(scale=settings.WAIT_SCALE)
    return Progress((at - task.submitted_at).total_seconds(), low, high)


Facts = Iterator[tuple[str, Any]]


def _ordered(task: GenerationTask) -> Facts:
    yield "Provider", task.provider
    yield "Model", task.model
    yield "Mode", task.mode
    yield "Duration", f"{task.duration_seconds} s"
    yield "Aspect ratio", task.aspect_ratio
    yield "Sound", {True: "with sound", False: "silent", None: ""}[task.sound]
    yield "Negative prompt", task.negative_prompt
    yield "CFG scale", "" if task.cfg_scale is None else task.cfg_scale
    yield "Route", task.route
    for name, image, url in (
        ("Start image", task.start_image, task.start_image_url),
        ("End image", task.end_image, task.end_image_url),
    ):
        yield name, display.poster(display.media_url(image.file.name), alt=str(image)) if image else url
    yield "Take", task.take if task.take > 1 else ""
    yield "Tries again", display.link(task.retry_of) if task.retry_of else ""
    yield "Ordered by", task.ordered_by or "a command"


def _money(task: GenerationTask) -> Facts:
    yield "Estimated", usd(task.price_usd)
    yield "Reserved", usd(task.price_usd if _held(task) else Decimal(0))
    spent = [entry.amount_usd for entry in task.entries.all() if entry.kind in (EntryKind.CHARGE, EntryKind.ADJUST)]
    known = [amount for amount in spent if amount is not None]
    yield "Spent", usd(None if spent and not known else sum(known, Decimal(0)))


def _traffic(task: GenerationTask) -> Facts:
    yield "Provider's task id", task.remote_id or ""
    yield "Provider's state", task.remote_state
    yield "Delivery", task.get_delivery_display()
    yield "Sent", _times_over(task.send_count)
    yield "Asked", _times_over(task.poll_count)
    yield "Failed attempts in a row", task.failures or ""


def _times(task: GenerationTask) -> Facts:
    for name, at in (
        ("Ordered", task.created_at), ("Sent", task.submitted_at), ("Finished", task.finished_at),
        ("Stored", task.stored_at), ("Looked at next", task.due_at),
        ("Source URLs die", task.source_expires_at), ("Unknown to the provider since", task.unseen_since),
    ):  # fmt: skip
        yield name, display.when(at) if at else ""


def _times_over(count: int) -> str:
    return {0: "not yet", 1: "once"}.get(count, f"{count} times")
