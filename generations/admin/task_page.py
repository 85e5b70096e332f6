"""The content of a task's page: facts, progress, and the possible actions with their prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.forms import Form
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.admin import attention, display, evidence, late_choices, ledger, paid_actions, task_actions
from generations.admin.task_words import DAMAGED, ERRORS, EXPLAINED, MUST_CHANGE, NAMED_LATER
from generations.formats import as_price, duration, usd
from generations.library import lineage
from generations.lifecycle import ordering, retries
from generations.lifecycle.capacity import why_paused
from generations.lifecycle.ordering import RETRIED_FROM
from generations.lifecycle.saving import SET_ASIDE
from generations.models import EntryKind, GenerationTask, LedgerEntry, Pause, Status, Video
from generations.models.ledger import SETTLED, SPENT
from generations.money import ledger as costs
from generations.providers import advice, offers

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NO_CLIP = (Status.FAILED, Status.LOST)
CHECKABLE = (Status.RUNNING, Status.READY, Status.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button, the explanation beside it, and its form."""

    name: str
    label: StrOrPromise
    hint: StrOrPromise
    form: Form | None = None
    tone: str = ""
    url: str = ""  # of a page that a link opens, instead of a button

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions of which one is enough."""
        return task_actions.PERMISSIONS.get(self.name, (task_actions.ORDER,))


@dataclass(frozen=True, slots=True)
class Progress:
    """The elapsed time of a running task and its documented range, in seconds."""

    elapsed: float
    low: float
    high: float

    @property
    def words(self) -> str:
        usual = display.usual_duration(self.low, self.high)
        return gettext("{usual}, running {time}").format(usual=usual, time=duration(self.elapsed))

    @property
    def value(self) -> int:
        """The progress in percent: 90 at the longest documented time, 99 at most."""
        return min(90 if self.elapsed <= self.high else 99, round(90 * self.elapsed / self.high) if self.high else 99)


def live(task: GenerationTask, *, at: datetime, clips: QuerySet[Video] | None = None) -> dict[str, Any]:
    """Return what the page shows and task.js refreshes; `clips` are those that may be shown, or all."""
    provider = offers.provider_name(task.provider)
    entries = LedgerEntry.objects.select_related("by").order_by("id")
    prefetch_related_objects([task], "videos", "replacements", Prefetch("entries", queryset=entries))
    return {
        "task": task,
        "provider": provider,
        "badge": display.badge(task.status),
        "explained": _status_explained(task),
        "pause": Pause.objects.that_stop(task.provider, task.model).first(),
        "obstacle": why_paused(task.provider, task.model) if task.status == Status.QUEUED else "",
        "id_check": _id_check(task),
        "reserved": _reserved(task),
        "evidence": evidence.of(task) if task.status == Status.UNCONFIRMED else None,
        "progress": progress(task, at=at),
        "next_check": duration((task.due_at - at).total_seconds()) if task.due_at and task.due_at > at else "",
        "overdue": _overdue(task, at=at),
        "error_explained": _explain(task),
        "advice": advised(task),
        "ordered": list(_ordered(task)),
        "money": list(_money(task)),
        "traffic": list(_traffic(task)),
        "times": [fact for fact in _times(task) if fact[1]],
        "events": task.events.select_related("by"),
        "charged": any(entry.kind == EntryKind.CHARGE for entry in task.entries.all()),
        "entries": [(entry, ledger.WORDS[entry.kind]) for entry in task.entries.all()],
        "videos": [(video, display.video_poster(video, href=display.page_of(video))) for video in task.videos.all()],
        "lineage": lineage.of_task(task, clips=clips),
    }


def _status_explained(task: GenerationTask) -> str:
    """Say what happened and what it means for money; of a damaged clip and of a late acceptance, what to do."""
    damage = next((video.damage for video in task.videos.all() if video.damage), "")
    text = DAMAGED if damage else NAMED_LATER if attention.was_accepted_after_all(task) else None
    text = text or EXPLAINED[Status(task.status)]
    return text.format(provider=task.provider_name, damage=damage, id=task.candidate_id)


def _explain(task: GenerationTask) -> str:
    if task.status in NO_CLIP or task.error_kind == SET_ASIDE:
        return str(ERRORS.get(task.error_kind, ""))
    return gettext("Last error")


def advised(task: GenerationTask) -> str:
    """Say what the provider's pages advise about a failure; empty when they say nothing of it."""
    if task.status != Status.FAILED:
        return ""
    text = advice(task.provider, task.error_code, task.error_message)
    return gettext("{provider} advises: {advice}").format(provider=task.provider_name, advice=text) if text else ""


def choices(task: GenerationTask, *, at: datetime) -> list[Choice]:
    """Return the actions that the task's status allows."""
    change = Choice(
        name="change", label=_("Remix"), hint=_("Opens Generate with all of these settings."),
        url=f"{reverse('admin:generations_prompt_generate', args=[task.prompt_id])}?like={task.pk}",
    )  # fmt: skip
    if task.can_be_canceled:
        change = replace(
            change, label=_("Change this order"), url=change.url.replace("?like=", "?instead="),
            hint=_(
                "Opens it as it is. Once the change is confirmed, this one is canceled and that one takes its place."
            ),
        )  # fmt: skip
    found = [*_decisions(task), *_orders(task, at=at), change]
    if _must_change(task):
        hint = " ".join([str(change.hint), gettext("Change what was refused.")])
        found = [replace(change, hint=hint, tone="default"), *found[:-1]]
    return found


def _must_change(task: GenerationTask) -> bool:
    """Return whether the same order would be refused again."""
    return task.status == Status.FAILED and task.error_kind in MUST_CHANGE


def _decisions(task: GenerationTask) -> Iterator[Choice]:
    provider = offers.provider_name(task.provider)
    if task.status == Status.UNCONFIRMED:
        free = [one.remote_id for one in evidence.of(task).candidates if one.owner is None]
        yield Choice(
            name="confirm", label=_("Attach this id"), tone="default",
            form=task_actions.ConfirmForm(initial={"remote_id": free[0] if len(free) == 1 else ""}),
            hint=gettext(
                "Use this if the order is in {provider}'s own list of tasks, or is one of the candidates. The id is "
                "checked with {provider} first, and attached if it is known. The clip is charged when it is made."
            ).format(provider=provider),
        )  # fmt: skip
        yield Choice(
            name="abandon", label=_("Confirm that nothing was accepted"), tone="danger",
            form=task_actions.WhyForm(auto_id="abandon_%s"),
            hint=gettext(
                "Use this if {provider} has no such order and took no money. The reserved money is released, and "
                "nothing is sent. You can try again afterwards."
            ).format(provider=provider),
        )  # fmt: skip
        yield Choice(
            name="wait", label=_("Keep waiting"), form=task_actions.WaitForm(auto_id="wait_%s"),
            hint=_(
                "Use this to decide later. The money stays reserved, and nothing is sent. A callback can still decide "
                "it; otherwise you are reminded in a day."
            ),
        )  # fmt: skip
    yield from (Choice(**each) for each in late_choices.of(task))
    if task.can_be_canceled:
        hint = gettext("The order is not sent, and nothing is charged.")
        yield Choice(name="cancel", label=_("Cancel"), hint=hint, tone="danger")
    if task.status in CHECKABLE and task.remote_id:
        hint = gettext("Check with {provider} now. This costs nothing.").format(provider=provider)
        yield Choice(name="poll", label=_("Check now"), hint=hint)


def _orders(task: GenerationTask, *, at: datetime) -> Iterator[Choice]:
    quote = costs.estimate(task.order(), at=at)
    price = as_price(quote.usd, is_minimum=quote.is_minimum)
    if settings.PRACTICE:
        price = gettext("{price}, practice").format(price=price)
    if task.status in RETRIED_FROM and (other := ordering.retries_of([task]).get(task.pk)):
        yield Choice(
            name="retry", label=gettext("See task {task}").format(task=other), tone="default",
            hint=_("It is the retry of this one, so there is nothing to try again here."),
            url=reverse("admin:generations_generationtask_change", args=[other]),
        )  # fmt: skip
    elif task.status in RETRIED_FROM:
        paid = task.status == Status.LOST
        hint = gettext("Orders the same clip again, after a receipt. This task was not charged.")
        if paid:
            hint = gettext(
                "Orders the same clip again, after a receipt. The lost clip stays charged, and the new one is charged "
                "too."
            )
        yield Choice(
            name="again",
            label=gettext("Try again ({price})").format(price=price),
            hint=hint,
            tone="" if paid or _must_change(task) else "default",
        )
    for video in task.videos.all():
        if not video.damage:
            yield Choice(
                name="continue", label=_("Continue"), url=reverse("admin:generations_video_frame", args=[video.pk]),
                hint=_("Opens Generate with the frame of this clip that you choose."),
            )  # fmt: skip
            break
    yield Choice(
        name="take", label=gettext("Another take ({price})").format(price=price),
        hint=_("Orders one more clip with the same settings, after a receipt."),
    )  # fmt: skip
    if task.status == Status.STORED and (ways := retries.promotions(task, at=at)):
        yield Choice(
            name="promote", label=_("Promote"), form=paid_actions.PromoteForm(ways),
            hint=_("Orders the same prompt and pictures in a better mode, after a receipt."),
        )  # fmt: skip


def _id_check(task: GenerationTask) -> str:
    """Say whether an id that was given is being checked, or what came of the last one; empty when none was given."""
    if task.status != Status.UNCONFIRMED or not (task.candidate_id or task.candidate_answer):
        return ""
    if not task.candidate_id:
        text = gettext("{answer}. Nothing is charged for it. You can try another id.")
        return text.format(answer=task.candidate_answer)
    text = gettext("Checking with {provider} whether it knows {id}… Nothing is charged so far.")
    if task.candidate_answer:
        text = " ".join([text, gettext("Its last answer: {answer}.")])
    return text.format(provider=task.provider_name, id=task.candidate_id, answer=task.candidate_answer)


def _reserved(task: GenerationTask) -> str:
    """Return what is reserved for the task now, as a sentence; empty when nothing is."""
    kinds = {entry.kind for entry in task.entries.all()}
    if EntryKind.HOLD not in kinds or kinds.intersection(SETTLED):
        return ""
    if task.price_usd is None:
        return gettext("Reserved: {money}.").format(money=usd(None))
    price = usd(task.price_usd, is_minimum=task.price_is_minimum)
    return gettext("Reserved: {money}.").format(money=task_actions.of_practice(task, price))


def progress(task: GenerationTask, *, at: datetime) -> Progress | None:
    """Return how far a running task is; None for any other."""
    if task.status != Status.RUNNING or not task.submitted_at:
        return None
    low, high = task.expected_seconds(scale=settings.WAIT_SCALE)
    return Progress((at - task.submitted_at).total_seconds(), low, high)


def _overdue(task: GenerationTask, *, at: datetime) -> str:
    """Say that a running task takes far longer than documented, and what can be done; empty in good time."""
    if not task.submitted_at or not task.overdue_seconds(at=at, scale=settings.WAIT_SCALE):
        return ""
    usual = task.expected_seconds(scale=settings.WAIT_SCALE)[1]
    text = gettext(
        "It has been running for {time}, and usually takes at most {usual}. Nothing is charged before the clip is "
        "made. Check now, which costs nothing; look for its id in {provider}'s own list of tasks, or ask their "
        "support. To order it once more is a second order: if both are made, both are charged."
    )
    running = duration((at - task.submitted_at).total_seconds())
    return text.format(time=running, usual=duration(usual), provider=task.provider_name)


Facts = Iterator[tuple[str, Any]]


def _ordered(task: GenerationTask) -> Facts:
    yield gettext("Provider"), offers.provider_name(task.provider)
    yield gettext("Model"), offers.model_name(task.model)
    yield gettext("Mode"), offers.mode_name(task.mode)
    yield gettext("Duration"), f"{task.duration_seconds} s"
    yield gettext("Aspect ratio"), task.aspect_ratio
    yield gettext("Sound"), {True: _("with sound"), False: _("silent"), None: ""}[task.sound]
    yield gettext("Negative prompt"), task.negative_prompt
    yield gettext("CFG scale"), "" if task.cfg_scale is None else task.cfg_scale
    yield gettext("Route"), task.route
    yield from task.further.items()
    for name, image, url in (
        (gettext("Start image"), task.start_image, task.start_image_url),
        (gettext("End image"), task.end_image, task.end_image_url),
    ):
        yield name, display.poster(image.file.url, alt=str(image)) if image else url
    yield gettext("Take"), task.take if task.take > 1 else ""
    batch = task.order_batch
    yield gettext("Batch"), display.linked(str(batch), batch.get_absolute_url()) if batch else ""
    yield gettext("Changed from"), display.link(task.replaces) if task.replaces else ""
    yield (
        gettext("Changed into"),
        format_html_join(", ", "{}", [(display.link(each),) for each in task.replacements.all()]),
    )
    yield gettext("Campaign"), display.link(task.campaign) if task.campaign else ""
    yield gettext("Ordered by"), task.ordered_by or gettext("a command")


def _money(task: GenerationTask) -> Facts:
    yield gettext("Estimated"), as_price(task.price_usd, is_minimum=task.price_is_minimum)
    held, least = bool(_reserved(task)), task.price_is_minimum
    yield gettext("Reserved"), usd(task.price_usd if held else Decimal(0), is_minimum=held and least)
    spent = [entry for entry in task.entries.all() if entry.kind in SPENT]
    known = [entry.amount_usd for entry in spent if entry.amount_usd is not None]
    amount = None if spent and not known else sum(known, Decimal(0))
    yield gettext("Spent"), usd(amount, is_minimum=least and [entry.kind for entry in spent] == [EntryKind.CHARGE])


def _traffic(task: GenerationTask) -> Facts:
    yield gettext("Provider's task id"), task.remote_id or ""
    yield gettext("Provider's state"), task.remote_state
    yield gettext("Delivery"), task.get_delivery_display()
    yield gettext("Sent"), _times_over(task.send_count)
    yield gettext("Checked"), _times_over(task.poll_count)
    yield gettext("Failed attempts in a row"), task.failures or ""


def _times(task: GenerationTask) -> Facts:
    """Yield the times that do not stand on the timeline."""
    for name, at in (
        (gettext("Finished at the provider"), task.remote_completed_at), (gettext("Next check"), task.due_at),
        (gettext("Download link expires"), task.source_expires_at),
        (gettext("Unknown to the provider since"), task.unseen_since),
    ):  # fmt: skip
        yield name, display.when(at) if at else ""


def _times_over(count: int) -> str:
    if not count:
        return gettext("not yet")
    return ngettext("once", "{n} times", count).format(n=count)
