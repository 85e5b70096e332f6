"""The monthly statement: what each clip cost, by campaign; the sums are those of the ledger."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Prefetch, QuerySet, Sum
from django.utils.translation import gettext

from generations.formats import usd
from generations.models import Campaign, GenerationTask, Video
from generations.models.cost_centers import NOBODY
from generations.reports import spend
from generations.reports.spend import Question
from generations.reports.totals import Figures

ORDERS_MAX = 200  # of one campaign; the sums include the others


@dataclass(frozen=True, slots=True)
class Paid:
    """An order and what it cost in the month, in USD; None when its price is unknown."""

    task: GenerationTask
    usd: Decimal | None
    is_minimum: bool

    @property
    def words(self) -> str:
        return usd(self.usd, is_minimum=self.is_minimum)


@dataclass(frozen=True, slots=True)
class Section:
    """The orders of one campaign: the first ORDERS_MAX of them, and the sums of all."""

    name: str
    paid: list[Paid]
    figures: Figures
    more: int
    more_usd: Decimal

    @property
    def more_words(self) -> str:
        """What the other orders cost: `from $1.20` where one of them has a starting price."""
        shown = sum(paid.is_minimum for paid in self.paid)
        return usd(self.more_usd, is_minimum=self.figures.minimum > shown)


@dataclass(frozen=True, slots=True)
class Statement:
    month: date
    practice: bool
    sections: list[Section]
    total: Figures


def month_of(text: str) -> date | None:
    """Parse the first day of a month like `2026-11`; None when the text names no month."""
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return None


def of_month(month: date, *, practice: bool, clips: QuerySet[Video] | None = None) -> Statement:
    """Return the statement of a month: each charge and correction of its days; `clips` are those shown, or all."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    names = {NOBODY: gettext("No campaign"), **dict(Campaign.objects.values_list("pk", "name"))}
    question = Question(first=month, last=last, practice=practice)
    sections, total = [], Figures()
    for pk in _campaigns(question):
        section = _section(names[pk], Question(first=month, last=last, practice=practice, campaign=pk), clips)
        sections.append(section)
        total.add(section.figures)
    return Statement(month, practice, sorted(sections, key=lambda each: each.name), total)


def _campaigns(question: Question) -> set[int]:
    """Return the campaigns that money was spent on."""
    position = spend.DIMENSIONS.index("campaign")
    groups = spend.summed(question, by="cost_center", clips=False)
    return {key[position] for key, figures in groups.items() if figures.charges or figures.spent}


def _section(name: str, question: Question, clips: QuerySet[Video] | None) -> Section:
    figures = Figures()
    for each in spend.summed(question, by="cost_center").values():
        figures.add(each)
    entries = question.entries.spent().filter(question.of_tasks("task__"))
    orders = entries.values("task").order_by("task")
    sums = dict(orders.annotate(usd=Sum("amount_usd")).values_list("task", "usd")[:ORDERS_MAX])
    least = set(entries.at_starting_price().filter(task__in=sums).values_list("task", flat=True))
    orders_shown = GenerationTask.objects.filter(pk__in=sums).select_related("prompt", "ordered_by")
    tasks = orders_shown.prefetch_related(Prefetch("videos", queryset=clips))
    paid = [Paid(task, sums[task.pk], task.pk in least) for task in tasks.order_by("pk")]
    shown = sum((each.usd or Decimal(0) for each in paid), Decimal(0))
    return Section(name, paid, figures, orders.distinct().count() - len(paid), figures.spent - shown)
