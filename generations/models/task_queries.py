"""The rules by which tasks are selected, each with a name."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Sum

from generations.models.ledger import SPENT, LedgerEntry
from generations.models.pauses import Pause
from generations.models.statuses import ACTIVE, IN_FLIGHT, Status

if TYPE_CHECKING:  # its manager is made of this class
    from generations.models.tasks import GenerationTask  # noqa: F401 - named as a text

# Sent, refused for now, and an id was given: before it is sent again the provider is asked whether it knows it.
BUSY_WITH_CANDIDATE = Q(status=Status.QUEUED, send_count__gt=0) & ~Q(candidate_id="")


class TaskQuerySet(models.QuerySet["GenerationTask"]):
    def due(self, *, at: datetime) -> TaskQuerySet:
        """Select the tasks that are due now, the longest overdue first."""
        return self.of_this_site().filter(due_at__lte=at).order_by("due_at", "id")

    def of_this_site(self) -> TaskQuerySet:
        """Select practice tasks in practice mode, real ones otherwise.

        A practice order that waits when a key is set must not become a real one, and a practice provider does not
        know real tasks.
        """
        return self.filter(practice=settings.PRACTICE)

    def active(self) -> TaskQuerySet:
        return self.filter(status__in=ACTIVE)

    def to_be_asked(self) -> TaskQuerySet:
        """Select tasks whose next step is a poll; a lost one only if a person asked for it."""
        dead_urls = Q(status=Status.READY, urls_died=True)
        undecided = Q(status=Status.UNCONFIRMED) & ~Q(candidate_id="")
        return self.filter(Q(status__in=[Status.RUNNING, Status.LOST]) | dead_urls | undecided | BUSY_WITH_CANDIDATE)

    def to_be_sent(self) -> TaskQuerySet:
        return self.filter(status=Status.QUEUED).exclude(BUSY_WITH_CANDIDATE)

    def in_order_of_sending(self) -> TaskQuerySet:
        """Sort by priority, and the longest due first among equals."""
        return self.order_by("-priority", "due_at", "id")

    def not_paused(self) -> TaskQuerySet:
        """Leave out those whose model's orders, or all of their provider's, or all of the site's, are paused."""
        return self.exclude(Exists(Pause.objects.that_stop(OuterRef("provider"), OuterRef("model"))))

    def cancelable(self) -> TaskQuerySet:
        """Select the orders that the provider certainly never received, as `can_be_canceled` says of one."""
        return self.to_be_sent().filter(maybe_accepted=False)

    def not_ordered_again(self) -> TaskQuerySet:
        """Leave out those that another task stands in for: a retry, or the order that one was changed into."""
        others = self.model._default_manager
        again = [Exists(others.filter(**{name: OuterRef("pk")})) for name in ("retry_of", "replaces")]
        return self.exclude(again[0]).exclude(again[1])

    def count_in_flight(self) -> dict[str, int]:
        """Return for each provider how many tasks it may be working on."""
        under_way = self.of_this_site().filter(status__in=IN_FLIGHT).order_by()
        return dict(under_way.values_list("provider").annotate(n=Count("id")))

    def with_charged(self) -> TaskQuerySet:
        """Annotate `charged_usd`: what each task cost so far; NULL when nothing was charged or the price is unknown.

        `charged_is_minimum` says that it is a starting price, which no correction has replaced.
        """
        paid = Sum("entries__amount_usd", filter=Q(entries__kind__in=SPENT))
        at_starting_price = LedgerEntry.objects.at_starting_price().filter(task=OuterRef("pk"))
        return self.annotate(charged_usd=paid, charged_is_minimum=Exists(at_starting_price))
