"""The studio's first page: what a day begins with, and the money. No sum mixes practice and real money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from generations import clock
from generations.admin import budgets, display, overview
from generations.admin.base import person_of
from generations.admin.chart import Chart, draw
from generations.admin.task_actions import may_order
from generations.lifecycle.capacity import clips_that_fit
from generations.models import Action, AuditEntry, GenerationTask, LedgerEntry, Pause, Video
from generations.models.videos import VideoQuerySet
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
    """Return Django's index page, with what the person may see of the studio."""
    shown = {"studio": studio(request, at=clock.now())}
    return AdminSite.index(admin.site, request, {**shown, **(extra_context or {})})


def studio(request: HttpRequest, *, at: datetime) -> dict[str, Any]:
    """Return what _studio.html shows: each part to those who may see its rows."""
    found: dict[str, Any] = {
        "practice": settings.PRACTICE,
        "days": DAYS,
        "may_order": may_order(request),
    }
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "view_generationtask": lambda: _work(at=at),
        "view_video": lambda: {"clips": overview.last_clips(person_of(request)), **_seen(request).count_damaged()},
        "view_budget": lambda: _budgets(at=at),
        "view_ledgerentry": lambda: {"moneys": moneys(at=at)},
        "view_auditentry": lambda: {"guessed": _guessed(at=at)},
        "view_balancereading": lambda: {"providers": overview.providers(at=at), "heartbeat": overview.heartbeat(at=at)},
    }
    for permission, part in parts.items():
        if request.user.has_perm(f"generations.{permission}"):
            found |= part()
    return found


def _seen(request: HttpRequest) -> VideoQuerySet:
    return Video.objects.visible_to(person_of(request))


def _work(*, at: datetime) -> dict[str, Any]:
    under_way = sum(GenerationTask.objects.count_in_flight().values())
    return {
        **overview.tasks(at=at),
        "pauses": list(Pause.objects.all()),
        "disk_is_full": not clips_that_fit(under_way),
        "failures": overview.failures(at=at),
        "failure_days": overview.FAILURE_DAYS,
    }


def _guessed(*, at: datetime) -> list[str]:
    """Return the accounts whose passwords were guessed at in the last day."""
    told = AuditEntry.objects.filter(action=Action.GUESSED, at__gt=at - timedelta(days=1))
    return sorted(set(told.order_by().values_list("name", flat=True)))


def _budgets(*, at: datetime) -> dict[str, Any]:
    periods = budgets.present(at=at)
    lines = [(period, display.four_numbers(budgets.numbers(period)), display.meter(period)) for period in periods]
    return {"budgets": lines, "alarms": budgets.alarms(periods)}


def moneys(*, at: datetime) -> list[Money]:
    """Return the figures of the current mode, and those of the other mode only when it has any."""
    own, other = settings.PRACTICE, not settings.PRACTICE
    found = [money(practice=own, at=at)]
    if LedgerEntry.objects.filter(practice=other).exists():
        further = money(practice=other, at=at)
        sums = (further.month, further.total)
        found += [further] if further.reserved.holds or any(each.spent or each.unpriced for each in sums) else []
    return found


def money(*, practice: bool, at: datetime) -> Money:
    """Return the figures of real or practice money, by day and model for DAYS days."""
    today = timezone.localdate(at)
    days = [today - timedelta(days=n) for n in range(DAYS)]
    first_of_month = today.replace(day=1)
    question = Question(first=min(days[-1], first_of_month), last=today, practice=practice)
    cells = {
        key: found for key, found in spend.recent_by_day_and_model(question).items() if found.spent or found.unpriced
    }
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
