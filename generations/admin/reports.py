"""The pages of reports: what was spent, on what, and the cost per approved clip; each table also as a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    QueryDict,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.admin.base import person_of
from generations.admin.chart import Beams, Chart, draw, draw_rows
from generations.admin.overview import FAILURE_WORDS
from generations.catalog.wrong_addresses import ANYTHING, WrongAddress, offering
from generations.models import Campaign, Prompt, Status, Video
from generations.models.cost_centers import NOBODY
from generations.providers import ADAPTERS
from generations.providers.offers import provider_name
from generations.reports import balances, monthly, scorecard
from generations.reports import spend as reports
from generations.reports.export import Column, Table, as_csv, as_xlsx
from generations.reports.scorecard import percentile
from generations.reports.spend import Question, Row
from generations.reports.totals import Figures

SHOWN = 200  # rows of a table on the page; a file has all
DAYS_OF_BARS = 62  # longer periods get a bar a month
LABELS = 5  # about so many under the bars: more would overlap on a phone
SANE = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 12, 31))]
MONEYS = {"practice": True, "real": False}
# The title of a table by one dimension, and the name of its first column.
TITLES = {
    "provider": (_("Per provider"), _("Provider")),
    "model": (_("Per model"), _("Model")),
    "mode": (_("Per mode"), _("Mode")),
    "campaign": (_("Per campaign"), _("Campaign")),
    "person": (_("Per person"), _("Person")),
    "prompt": (_("Per prompt"), _("Prompt")),
}
DAY, PROVIDER = Column(_("Day"), "day"), Column(_("Provider"))
SPENT, WOULD_HAVE_COST = Column(_("Spent"), "usd"), Column(_("Would have cost"), "usd")
UNPRICED, STARTING = Column(_("Unpriced"), "count"), Column(_("At a starting price"), "count")
PAID = (SPENT, Column(_("Clips paid"), "count"), UNPRICED, STARTING)
OF_CLIPS = (
    Column(pgettext_lazy("count", "Approved"), "count"),
    Column(_("Per approved clip"), "usd"), Column(_("Per approved second"), "usd"),
)  # fmt: skip
NOT_SPENT = (
    Column(_("Reserved"), "usd"), Column(_("Failed and released"), "usd"),
    Column(pgettext_lazy("count", "Failed"), "count"),
)  # fmt: skip
FIGURES = (*PAID, *OF_CLIPS, *NOT_SPENT)


class ReportForm(forms.Form):
    """The dates, money and dimensions of a report; by default this month, this site's money, and everything."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput({"type": "date"}), validators=SANE)
    last = forms.DateField(label=_("To"), widget=forms.DateInput({"type": "date"}), validators=SANE)
    money = forms.ChoiceField(label=_("Money"), choices=[("real", _("Real money")), ("practice", _("Practice money"))])
    provider = forms.ChoiceField(label=_("Provider"), required=False)
    campaign = forms.TypedChoiceField(label=_("Campaign"), required=False, coerce=int, empty_value=None)
    person = forms.TypedChoiceField(label=_("Person"), required=False, coerce=int, empty_value=None)
    prompt = forms.ModelChoiceField(Prompt.objects.all(), required=False, widget=forms.HiddenInput)

    def __init__(self, asked: QueryDict, *, today: date) -> None:
        own = "practice" if settings.PRACTICE else "real"
        start = {"from": today.replace(day=1).isoformat(), "to": today.isoformat(), "money": own}
        super().__init__({**start, **asked.dict()})
        campaigns = [(str(pk), name) for pk, name in Campaign.objects.values_list("pk", "name")]
        people = [(str(user.pk), user.get_username()) for user in get_user_model().objects.order_by("username")]
        self._offer("provider", [("", gettext("All providers")), *((id, provider_name(id)) for id in ADAPTERS)])
        self._offer("campaign", [("", gettext("All campaigns")), (str(NOBODY), gettext("No campaign")), *campaigns])
        self._offer("person", [("", gettext("Everybody")), (str(NOBODY), gettext("Nobody (a command)")), *people])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def add_prefix(self, field_name: str) -> str:
        """Return `from` and `to` for the address; `from` cannot name an attribute."""
        return {"first": "from", "last": "to"}.get(field_name, field_name)

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        first, last = asked.get("first"), asked.get("last")
        if first and last and first > last:
            text = gettext("From is later than To: {first} is after {last}.")
            self.add_error("first", text.format(first=first, last=last))
        return asked

    def question(self) -> Question:
        asked = dict(self.cleaned_data)
        prompt = asked.pop("prompt")
        return Question(practice=MONEYS[asked.pop("money")], prompt=prompt.pk if prompt else None, **asked)


def may_see(request: HttpRequest) -> bool:
    return request.user.has_perm("generations.view_ledgerentry")


def page(
    request: HttpRequest, title: str, template: str, status: int = HTTPStatus.OK, **context: Any
) -> TemplateResponse:
    """Return a report's page in the frame of the admin."""
    return TemplateResponse(
        request,
        f"admin/reports/{template}.html",
        {**admin.site.each_context(request), "title": title, **context},
        status=status,
    )


def reported(
    request: HttpRequest, title: str, tables: Callable[[Question, int | None], tuple[dict[str, Any], list[Table]]]
) -> Any:
    """Return a page of tables for the question in the address, or one table as a file.

    Raises: PermissionDenied without the right to see the ledger, WrongAddress for an unknown table.
    """
    if not may_see(request):
        raise PermissionDenied
    form = ReportForm(request.GET, today=timezone.localdate(clock.now()))
    if unknown := request.GET.keys() - form.fields.keys() - {"from", "to", "table", "file"}:
        raise WrongAddress(min(unknown))
    if not form.is_valid():
        return page(request, title, "report", status=HTTPStatus.BAD_REQUEST, form=form)
    question = form.question()
    if slug := request.GET.get("table"):
        with override(settings.LANGUAGE_CODE):  # a file is the same for whoever asks
            found = next((table for table in tables(question, None)[1] if table.slug == slug), None)
        return download(found, question, request.GET.get("file", ""))
    context, contents = tables(question, SHOWN)
    query = {name: value for name, value in request.GET.dict().items() if name not in ("table", "file")}
    prompt = Prompt.objects.get(pk=question.prompt) if question.prompt else None
    cut = [(replace(each, rows=each.rows[:SHOWN]), _beams(each)) for each in contents]
    return page(
        request, title, "report", form=form, question=question, tables=cut, shown=SHOWN,
        query=_query(query), prompt=prompt, without_prompt=_asked(question), **context,
    )  # fmt: skip


def spend(request: HttpRequest) -> HttpResponse:
    """Show what was spent, by day and by each dimension."""
    return reported(request, gettext("Spend"), _spend)  # type: ignore[no-any-return]


def prompts(request: HttpRequest) -> HttpResponse:
    return reported(request, gettext("Spend by prompt"), _prompts)  # type: ignore[no-any-return]


def providers(request: HttpRequest) -> HttpResponse:
    """Show how reliable each provider is, and whether its balance falls by what the ledger charged."""
    return reported(request, gettext("Providers"), _providers)  # type: ignore[no-any-return]


def download(table: Table | None, question: Question, form: str) -> HttpResponseBase:
    """Return a table as a CSV or XLSX file. Raises: WrongAddress for no table, or another kind of file."""
    if table is None or form not in ("", "csv", "xlsx"):
        raise WrongAddress("file" if table else "table")
    money = "practice" if question.practice else "real"
    name = f"{table.slug}-{question.first}-{question.last}-{money}"
    if form == "xlsx":
        return FileResponse(as_xlsx(table), as_attachment=True, filename=f"{name}.xlsx")
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(as_csv(table), content_type="text/csv; charset=utf-8", headers=headers)


def _spend(question: Question, limit: int | None) -> tuple[dict[str, Any], list[Table]]:
    figures = reports.spend_report(question)
    by_day = Table(
        "day", gettext("Per day"), (DAY, *PAID, *NOT_SPENT),
        [(day, *_figures(each, clips=False)) for day, each in figures.days],
    )  # fmt: skip
    tables = [_table(name, rows) for name, rows in figures.by.items()]
    chart = _chart(figures.days, question, is_minimum=bool(figures.total.minimum))
    context = {"total": figures.total, "chart": chart, "is_empty": not figures.days}
    return context, [by_day, *tables]


def _prompts(question: Question, limit: int | None) -> tuple[dict[str, Any], list[Table]]:
    """Return a table of all prompts, or of one prompt's wordings."""
    total, rows = reports.by_prompt(question, limit=limit)
    links = [f"?{_asked(question, prompt=row.key)}" for row in rows]
    tables = [replace(_table("prompt", rows), links=links)]
    if question.prompt:
        columns = (Column(_("Version")), Column(_("Words")), *FIGURES)
        versions = [
            (each.name, each.words, *_figures(each.figures)) for each in reports.by_version(question, question.prompt)
        ]
        tables = [Table("version", gettext("Per version of the prompt"), columns, versions)]
    return {"total": total, "is_empty": not rows}, tables


def _providers(question: Question, limit: int | None) -> tuple[dict[str, Any], list[Table]]:
    scores = scorecard.scores(question)
    card = Table(
        "scorecard", gettext("Scorecard: orders that were sent on these days and have ended"),
        (PROVIDER, Column(_("Ended"), "count"), Column(pgettext_lazy("count", "Stored"), "count"),
         Column(_("Success, %"), "count"), Column(_("Median seconds"), "count"),
         Column(_("95 % within seconds"), "count"),
         Column(_("Median at the provider"), "count"), Column(_("Median of ours"), "count")),
        [(provider_name(score.provider), score.ended, score.ends[Status.STORED], score.success_percent,
          percentile(score.seconds, 50), percentile(score.seconds, 95), percentile(score.theirs, 50),
          percentile(score.ours, 50)) for score in scores],
    )  # fmt: skip
    failures = Table(
        "failures", gettext("Failures by kind, and their share of the price of all ended orders"),
        (PROVIDER, Column(_("Kind"), labels=FAILURE_WORDS), Column(_("Orders"), "count"),
         Column(_("Share of failures, %"), "count"), WOULD_HAVE_COST, STARTING,
         Column(_("Share of money, %"), "count")),
        [(provider_name(score.provider), kind, each.count, score.share(kind), each.usd, each.minimum,
          score.share_of_money(kind))
         for score in scores for kind, each in sorted(score.failures.items(), key=lambda item: -item[1].count)],
    )  # fmt: skip
    drifts, suspect = balances.drifts(question), gettext("task {task}: {why}")
    balance = Table(
        "balance",
        gettext("Balance and ledger: how much each balance fell between the last readings of two days"),
        (DAY, PROVIDER, Column(_("Balance fell"), "usd"), Column(_("Ledger charged"), "usd"),
         Column(_("Unexplained"), "usd"), UNPRICED, STARTING, Column(_("Topped up"), "usd"),
         Column(_("What could explain it"))),
        [(each.day, provider_name(each.provider), each.fell, each.charged, each.drift, each.unpriced, each.minimum,
          each.topped_up, "; ".join(suspect.format(task=task.pk, why=why) for task, why in each.suspects))
         for each in drifts],
    )  # fmt: skip
    return {"is_empty": not scores and not drifts}, [card, failures, balance]


def _table(slug: str, rows: list[Row]) -> Table:
    title, name = TITLES[slug]
    return Table(slug, str(title), (Column(name), *FIGURES), [(row.name, *_figures(row.figures)) for row in rows])


def _figures(figures: Figures, *, clips: bool = True) -> tuple[Any, ...]:
    of_clips = (figures.approved, figures.per_approved_clip, figures.per_approved_second) if clips else ()
    moved = (figures.known, figures.charges, figures.unpriced, figures.minimum)
    return *moved, *of_clips, figures.reserved, figures.released, figures.releases


def _chart(days: list[tuple[date, Figures]], question: Question, *, is_minimum: bool) -> Chart | None:
    """Draw a bar a day, or a bar a month for long periods."""
    spent = {day: figures.spent for day, figures in days}
    length = (question.last - question.first).days + 1
    if length <= DAYS_OF_BARS:
        bars = [
            (day, spent.get(day, Decimal(0))) for n in range(length) for day in [question.first + timedelta(days=n)]
        ]
        return draw(bars, name=gettext("Spend per day"), every=max(1, length // LABELS), is_minimum=is_minimum)
    months: dict[date, Decimal] = {}
    for day, amount in spent.items():
        months[day.replace(day=1)] = months.get(day.replace(day=1), Decimal(0)) + amount
    every = max(1, len(months) // LABELS)
    return draw(sorted(months.items()), name=gettext("Spend per month"), every=every, form="M Y", is_minimum=is_minimum)


def _beams(table: Table) -> Beams | None:
    """Draw what was spent on each row, or what each kind of failure would have cost."""
    amount = next((column for column in (SPENT, WOULD_HAVE_COST) if column in table.columns), None)
    if not amount or table.columns[0].kind == "day":
        return None
    at = table.columns.index(amount)
    words = 1 if amount == WOULD_HAVE_COST else 0
    rows: dict[str, Decimal] = defaultdict(Decimal)
    for row in table.rows:
        cell = row[at]
        rows[str(row[words])] += cell if isinstance(cell, Decimal) else 0
    name = f"{table.title}, {str(amount.name).lower()}"
    return draw_rows(list(rows.items()), name=name, whole=len(table.rows) < SHOWN)


def _asked(question: Question, **more: Any) -> str:
    """Return the query of a question, with some parts replaced."""
    money = "practice" if question.practice else "real"
    return _query({"from": question.first, "to": question.last, "money": money, **question.bound, **more})


def _query(values: dict[str, Any]) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    return query.urlencode()


@offering(month=ANYTHING, money=ANYTHING)
def month_statement(request: HttpRequest) -> HttpResponseBase:
    """Show what each clip of a month cost, by campaign, for printing. Raises: PermissionDenied, WrongAddress."""
    if not may_see(request):
        raise PermissionDenied
    today = timezone.localdate(clock.now())
    asked = request.GET.get("month", f"{today:%Y-%m}")
    money = request.GET.get("money", "practice" if settings.PRACTICE else "real")
    if money not in MONEYS:
        raise WrongAddress("money")
    month = monthly.month_of(asked)
    problem = gettext("“{text}” is not a month: write it like {example}.")
    clips = Video.objects.visible_to(person_of(request))
    statement = monthly.of_month(month, practice=MONEYS[money], clips=clips) if month else None
    return page(
        request, gettext("Month statement"), "statement",
        status=HTTPStatus.OK if month else HTTPStatus.BAD_REQUEST, statement=statement, asked=asked, money=money,
        problem="" if month else problem.format(text=asked, example=f"{today:%Y-%m}"),
    )  # fmt: skip


urlpatterns = [
    path("", admin.site.admin_view(spend), name="reports"),
    path("prompts/", admin.site.admin_view(prompts), name="reports_prompts"),
    path("providers/", admin.site.admin_view(providers), name="reports_providers"),
    path("statement/", admin.site.admin_view(month_statement), name="reports_statement"),
]
