"""The studio's first page: alarms, task counts, budgets and spend. No sum mixes practice and real money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.db.models import Count
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from generations import clock
from generations.admin import attention, budgets, display
from generations.admin.chart import Chart, draw
from generations.lifecycle.capacity import clips_that_fit
from generations.models import GenerationTask, Pause, Status, Video
from generations.reports import spend
from generations.reports.spend import Question
from generations.reports.totals import Figures, Groups

DAYS = 14  # of spend in the table and the chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """The figures of real money, or of practice money."""

    practice: bool
    reserved: Figures
    today: Figures
    month: Figures
    models: list[str]
    rows: list[tuple[date, list[Figures | None], Figures]]
    totals: list[Figures]
    total: Figures
    chart: Chart | None

    @property
    def has_minimum(self) -> bool:
        """Whether a figure contains starting prices."""
        return bool(self.reserved.reserved_minimum or self.month.minimum or self.total.minimum)


def first_page(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
    """Return Django's index page, with the studio's figures for people who may see tasks."""
    may_view = request.user.has_perm("generations.view_generationtask")
    figures = studio_figures(at=clock.now()) if may_view else {}
    return AdminSite.index(admin.site, request, {"studio": figures, **(extra_context or {})})


def studio_figures(*, at: datetime) -> dict[str, Any]:
    """Return what _studio.html shows."""
    periods = budgets.present(at=at)
    return {
        "practice": settings.PRACTICE,
        "pauses": list(Pause.objects.all()),
        "disk_is_full": not clips_that_fit(sum(GenerationTask.objects.count_in_flight().values())),
        **Video.objects.count_damaged(),
        "tiles": tiles(at=at),
        "moneys": moneys(at=at),
        "budgets": [
            (period, display.four_numbers(budgets.numbers(period)), display.meter(period)) for period in periods
        ],
        "alarms": budgets.alarms(periods),
        "days": DAYS,
    }


def tiles(*, at: datetime) -> list[dict[str, Any]]:
    """Return the counts of tasks by stage; each tile links to its list."""
    counts = dict(GenerationTask.objects.order_by().values_list("status").annotate(n=Count("id")))
    overdue = attention.overdue_ids(at=at)
    stored = GenerationTask.objects.filter(stored_at__gte=_midnight(at)).count()
    at_provider = sum(counts.get(status, 0) for status in attention.AT_THE_PROVIDER)
    unsaved = GenerationTask.objects.filter(attention.UNSAVED).count()
    person = GenerationTask.objects.filter(attention.needs_a_person(overdue)).count()
    lost, unsure = counts.get(Status.LOST, 0), counts.get(Status.UNCONFIRMED, 0)
    waits = counts.get(Status.QUEUED, 0)
    return [
        {"name": "Waiting", "count": waits, "words": "to be sent", "query": "status=queued"},
        {"name": "At the provider", "count": at_provider, "query": "status=provider",
         "words": f"{counts.get(Status.READY, 0)} of them finished, being downloaded"},
        {"name": "Need a person", "count": person, "query": "status=person", "tone": "warn" if person else "",
         "words": f"{unsure} unconfirmed, {lost} lost, {len(overdue)} overdue, {unsaved} not stored"},
        {"name": "Stored today", "count": stored, "words": "verified", "query": "status=stored"},
    ]  # fmt: skip


def moneys(*, at: datetime) -> list[Money]:
    """Return the figures of the current mode, and those of the other mode only when it has any."""
    both = [money(practice=practice, at=at) for practice in (settings.PRACTICE, not settings.PRACTICE)]
    own, other = both
    is_used = other.reserved.holds or any(each.spent or each.unpriced for each in (other.month, other.total))
    return both if is_used else [own]


def money(*, practice: bool, at: datetime) -> Money:
    """Return the figures of real or practice money, by day and model for DAYS days."""
    today = timezone.localdate(at)
    days = [today - timedelta(days=n) for n in range(DAYS)]
    first_of_month = today.replace(day=1)
    question = Question(first=min(days[-1], first_of_month), last=today, practice=practice)
    cells = {key: found for key, found in spend.by_day_and_model(question).items() if found.spent or found.unpriced}
    per_day, per_model, total, month = Groups(), Groups(), Figures(), Figures()
    for (day, model), figures in cells.items():
        groups = [per_day[day], per_model[model], total] if day >= days[-1] else []
        for group in [*groups, month] if day >= first_of_month else groups:
            group.add(figures)
    models = sorted(per_model)
    rows = [(day, [cells.get((day, model)) for model in models], per_day[day]) for day in days if day in per_day]
    return Money(
        practice=practice,
        reserved=spend.reserved_now(practice=practice),
        today=per_day[today],
        month=month,
        models=models,
        rows=rows,
        totals=[per_model[model] for model in models],
        total=total,
        chart=draw([(day, per_day[day].spent) for day in reversed(days)], is_minimum=bool(total.minimum)),
    )


def _midnight(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
