"""The task, which is one order: its parameters, its status, and `move()`, the only writer of the status."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.formats import exact
from generations.models.batches import Batch
from generations.models.campaigns import Campaign
from generations.models.images import ReferenceImage
from generations.models.people import ORDERING, Person
from generations.models.prompts import Prompt
from generations.models.shots import Shot
from generations.models.statuses import ACTIVE, ENDED, MOVES, LateWord, Status
from generations.models.task_queries import TaskQuerySet
from generations.providers import offers
from generations.providers.base import Order, Value
from generations.providers.menu import Offer
from generations.providers.words import label

# 256 bits of HMAC-SHA256 under SECRET_KEY, so no row and no log holds the token.
CALLBACKS = signing.Signer(salt="generations.callback")

UNPRICED = _("The price is unknown: what it costs will show in the provider's balance.")
MINIMUM = _("The price is a starting price: the clip may cost more.")
WITH_COLUMN = ("prompt", "negative_prompt", "duration", "aspect_ratio", "sound", "cfg_scale", "route")  # parameters
BEGINNING_LENGTH = 60  # characters that find orders of the same words: a whole text is too long for an index


class DeliveryMode(models.TextChoices):
    POLLING = "polling", _("Polling")
    CALLBACK = "callback", _("Callback")


class ForbiddenMove(Exception):
    """A bug: MOVES does not allow this move."""


class GenerationTask(models.Model):
    # What was ordered: frozen when the row is made.
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="tasks")
    prompt_text = models.TextField()
    beginning = models.GeneratedField(
        expression=Left("prompt_text", BEGINNING_LENGTH),
        output_field=models.CharField(max_length=BEGINNING_LENGTH),
        db_persist=True,
    )
    negative_prompt = models.TextField(blank=True)
    provider = models.CharField(_("provider"), max_length=20)
    model = models.CharField(_("model"), max_length=50)
    mode = models.CharField(max_length=50)
    duration_seconds = models.PositiveSmallIntegerField()
    aspect_ratio = models.CharField(max_length=10, blank=True)
    sound = models.BooleanField(null=True)
    cfg_scale = models.DecimalField(max_digits=2, decimal_places=1, null=True)
    route = models.CharField(max_length=20, blank=True)
    start_image = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, null=True, related_name="+")
    start_image_url = models.TextField(blank=True)
    end_image = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, null=True, related_name="+")
    end_image_url = models.TextField(blank=True)
    delivery = models.CharField(max_length=10, choices=DeliveryMode.choices, default=DeliveryMode.POLLING)
    practice = models.BooleanField(_("practice"))
    parameters = models.JSONField(
        default=dict, help_text="All that was chosen, but for the pictures; columns repeat what lists and reports need."
    )
    price_usd = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    price_is_minimum = models.BooleanField(default=False, help_text="A starting price: the clip may cost more.")
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="tasks")
    batch = models.UUIDField(default=uuid.uuid4, help_text="The takes of one order share it.")
    take = models.PositiveSmallIntegerField(default=1, help_text="The number of the clip in its order, from 1.")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="tasks")
    shot = models.ForeignKey(Shot, on_delete=models.PROTECT, related_name="tasks", help_text="With takes and retries.")
    retry_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="retries")
    order_batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, related_name="tasks", help_text="What it was ordered together with."
    )
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="replacements",
        help_text="The waiting order that it was changed from, which was canceled for it.",
    )  # fmt: skip
    promoted_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="promotions")
    continued_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="continuations")
    continued_at_seconds = models.FloatField(null=True, help_text="When its start image is shown in that task's clip.")
    stops_when_approved = models.BooleanField(
        default=False, help_text="Canceled if it is not sent when another take is approved."
    )

    # Its state.
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    due_at = models.DateTimeField(null=True)
    priority = models.IntegerField(default=0, help_text="Of the orders that are due, the highest is sent first.")
    remote_id = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL keeps it out of the unique constraint
    remote_state = models.CharField(max_length=50, blank=True, help_text="The provider's word in its last answer.")
    attempts = models.PositiveIntegerField(
        default=0, help_text="How often it was claimed for sending; fences late answers."
    )
    send_count = models.PositiveIntegerField(default=0, help_text="How often the order left, or may have left.")
    maybe_accepted = models.BooleanField(default=False, help_text="An earlier attempt may have been accepted.")
    poll_count = models.PositiveIntegerField(default=0, help_text="How often its state was polled.")
    failures = models.PositiveIntegerField(default=0, help_text="Failed attempts in a row.")
    crash_count = models.PositiveIntegerField(
        default=0, help_text="How many workers in a row crashed during this task."
    )
    candidate_id = models.CharField(
        max_length=200, blank=True, help_text="An id that a person or a callback gave for an order without one."
    )
    candidate_answer = models.TextField(
        blank=True, help_text="What the provider last answered when it was asked for such an id."
    )
    unseen_since = models.DateTimeField(null=True, help_text="Since when the provider says it knows no such task.")
    result_urls = models.JSONField(default=list)
    refused_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the last file that was refused.")
    urls_died = models.BooleanField(default=False, help_text="The result URLs no longer work: poll for new ones.")
    # What was said after its money was settled otherwise; NULL, so that SQLite finds the few rows by the index.
    late_word = models.CharField(max_length=10, null=True, choices=LateWord.choices)  # noqa: DJ001
    error_kind = models.CharField(max_length=20, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)

    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    stored_at = models.DateTimeField(null=True)
    source_expires_at = models.DateTimeField(null=True)
    # By the provider's clock, as its last answer said; what cannot be is left out.
    remote_created_at = models.DateTimeField(null=True)
    remote_completed_at = models.DateTimeField(null=True)
    remote_seconds = models.FloatField(null=True, help_text="How long the provider worked on it.")

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="task_status_known"),
            # A task that is not at rest always has a due time, so none is forgotten.
            models.CheckConstraint(
                condition=Q(status=Status.LOST)
                | Q(status__in=ENDED, due_at=None)
                | Q(status__in=ACTIVE, due_at__isnull=False),
                name="task_due_unless_at_rest",
            ),
            models.UniqueConstraint(fields=["provider", "remote_id"], name="task_remote_id_once"),
            # A form that is sent twice orders once.
            models.UniqueConstraint(fields=["batch", "take"], name="task_once_per_take"),
            models.CheckConstraint(condition=Q(price_usd=None) | Q(price_usd__gte=0), name="task_price_not_negative"),
            models.CheckConstraint(
                condition=Q(continued_from=None, continued_at_seconds=None)
                | Q(continued_from__isnull=False, continued_at_seconds__isnull=False, continued_at_seconds__gte=0),
                name="task_continued_at_a_moment",
            ),
        ]
        indexes = [
            # The conductor asks ten times a second what is due, and reads that from the index alone.
            models.Index(
                fields=["due_at", "status", "provider", "practice"], name="task_due", condition=Q(due_at__isnull=False)
            ),  # fmt: skip
            models.Index(fields=["status", "provider"], name="task_status"),
            models.Index(fields=["beginning"], name="task_beginning"),
            # The order of sending: the conductor reads its beginning while thousands wait. Polls write no queued row.
            models.Index(
                fields=["provider", "-priority", "due_at", "id", "practice"],
                name="task_to_send",
                condition=Q(status="queued"),
            ),
            # Few rows have a candidate; without it, what was accepted after all is searched in every ended task.
            models.Index(fields=["status"], name="task_with_candidate", condition=~Q(candidate_id="")),
            # The first page counts the failures of the last days by kind.
            models.Index(
                fields=["status", "finished_at", "error_kind"], name="task_failed", condition=Q(status=Status.FAILED)
            ),
            models.Index(fields=["created_at"], name="task_by_time"),
            models.Index(fields=["late_word"], name="task_late_word", condition=Q(late_word__isnull=False)),
        ]
        permissions = ORDERING

    def __str__(self) -> str:
        return gettext("Task {number}").format(number=self.pk)

    def get_absolute_url(self) -> str:
        return reverse("admin:generations_generationtask_change", args=[self.pk])

    def move(
        self,
        to: Status,
        reason: str,
        *,
        at: datetime,
        by: Person | None = None,
        due_at: datetime | None = None,
        **changes: Any,
    ) -> bool:
        """Change the status if it is still what this object says; return False when another process was first.

        The only writer of `status`; the event and the given columns are in its transaction. Raises: ForbiddenMove.
        """
        was = Status(self.status)
        if to not in MOVES[was]:
            raise ForbiddenMove(f"task {self.pk}: {was} -> {to}")
        changes = {"crash_count": 0, **changes, "status": to, "due_at": due_at}
        with transaction.atomic():
            if not GenerationTask.objects.filter(pk=self.pk, status=was).update(**changes):
                return False
            self.events.create(at=at, by=by, was=was, now=to, reason=reason)
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    def put_off(self, *, due_at: datetime | None, **changes: Any) -> bool:
        """Set the next due time; return False when the row has changed since it was read."""
        changes = {"crash_count": 0, **changes, "due_at": due_at}  # no crash, unless a claim passes another count
        mine = GenerationTask.objects.filter(pk=self.pk, status=self.status, due_at=self.due_at)
        if not mine.update(**changes):
            return False
        vars(self).update(changes)
        return True

    def note(self, reason: str, *, at: datetime, by: Person | None = None) -> None:
        """Add a line to the timeline without a move."""
        self.events.create(at=at, by=by, was=self.status, now=self.status, reason=reason)

    @property
    def offer(self) -> Offer | None:
        return offers.find(self.provider, self.model, self.mode)

    @property
    def provider_name(self) -> str:
        """The provider's display name."""
        return offers.provider_name(self.provider)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def can_be_canceled(self) -> bool:
        """Whether the provider certainly never received the order."""
        return self.status == Status.QUEUED and not self.maybe_accepted and not (self.send_count and self.candidate_id)

    @property
    def stops_by_itself(self) -> bool:
        """Whether an approval cancels what waits beside it without being asked to: it was ordered so."""
        return self.stops_when_approved or bool(self.order_batch and self.order_batch.stops_when_approved)

    def order(self) -> Order:
        """Return the order for the provider; stored images become URLs that it can fetch."""
        pictures = [
            image.provider_url() if image else url
            for image, url in ((self.start_image, self.start_image_url), (self.end_image, self.end_image_url))
        ]
        order = Order(
            provider=self.provider,
            model=self.model,
            mode=self.mode,
            parameters=self.chosen,
            video_seconds=self.duration_seconds,
            callback_url=self.callback_url() if self.delivery == DeliveryMode.CALLBACK else "",
        )
        return order.with_images(*pictures)

    @property
    def chosen(self) -> dict[str, Value]:
        """The parameters that were ordered, without the images."""
        return offers.thawed(self.provider, self.model, self.mode, self.parameters)

    @property
    def further(self) -> dict[str, str]:
        """The parameters that have no column, in words, by their display names."""
        chosen = {name: value for name, value in self.chosen.items() if name not in WITH_COLUMN}
        known = self.offer.parameters if self.offer else {}
        return {
            label(name): known[name].in_words(each) if name in known else str(each) for name, each in chosen.items()
        }

    @property
    def warnings(self) -> list[str]:
        """What a buyer should know about its price and its parameters."""
        order = Order(provider=self.provider, model=self.model, mode=self.mode, parameters=self.chosen)
        images = (self.start_image_id or self.start_image_url, self.end_image_id or self.end_image_url)
        unpriced = [str(UNPRICED)] if self.price_usd is None else [str(MINIMUM)] if self.price_is_minimum else []
        return [*unpriced, *offers.cautions(order.with_images(*(str(image or "") for image in images))).values()]

    def callback_url(self) -> str:
        """Return the URL under PUBLIC_URL for callbacks about this task, with a token that nobody else can make."""
        token = CALLBACKS.sign(str(self.pk))
        return settings.PUBLIC_URL + reverse("webhook", args=[self.provider, token])

    def expected_seconds(self, *, scale: float) -> tuple[float, float]:
        """Return the documented range of generation times, scaled; 0 to 600 s where none is documented."""
        offer = self.offer
        low, high = offer.expected_seconds.get(self.duration_seconds, (0, 600)) if offer else (0, 600)
        return low * scale, high * scale

    def overdue_seconds(self, *, at: datetime, scale: float) -> float:
        """Return by how many seconds a running task exceeds twice its documented time; 0 if it does not."""
        if self.status != Status.RUNNING or not self.submitted_at:
            return 0.0
        return max(0.0, (at - self.submitted_at - self.patience(scale=scale)).total_seconds())

    def patience(self, *, scale: float) -> timedelta:
        """Return how long a running task may take, from sending on, before a person looks at it."""
        return timedelta(seconds=2 * self.expected_seconds(scale=scale)[1])

    def as_json(self) -> dict[str, Any]:
        """Return the task with the keys of the commands' JSON; the row must come from `with_charged()`."""
        times = ("created_at", "submitted_at", "finished_at", "stored_at", "due_at", "source_expires_at")
        return {
            "id": self.pk,
            "status": self.status,
            "provider": self.provider,
            "model": self.model,
            "mode": self.mode,
            "duration_seconds": self.duration_seconds,
            "aspect_ratio": self.aspect_ratio or None,
            "sound": self.sound,
            "parameters": self.parameters,
            "prompt": self.prompt_text,
            "remote_id": self.remote_id,
            "practice": self.practice,
            "retry_of": self.retry_of_id,
            "price_usd": exact(self.price_usd),
            "price_is_minimum": self.price_is_minimum,
            "warnings": self.warnings,
            "charged_usd": exact(getattr(self, "charged_usd", None)),
            "charged_is_minimum": getattr(self, "charged_is_minimum", False),
            "error_kind": self.error_kind or None,
            "error_code": self.error_code or None,
            "error_message": self.error_message or None,
            "videos": [video.as_json() for video in self.videos.all()],
            **{name: value.isoformat() if (value := getattr(self, name)) else None for name in times},
        }
