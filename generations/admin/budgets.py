"""The pages of budgets: limits, what is reserved and spent of each, and who set it when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.admin import display
from generations.admin.base import ModelAdmin, ModelForm, person_of
from generations.forms.orders import UsdField
from generations.models import Budget, BudgetPeriod, Campaign, Person, Scope
from generations.models.budgets import ALARMS
from generations.money import limits
from generations.money.budgets import Numbers

FIXED = ("scope", "campaign", "person", "period")  # identify a budget and never change
PERIODS_SHOWN = 12
CHOOSE = {
    Scope.CAMPAIGN: _("Choose a campaign: the scope is a campaign."),
    Scope.PERSON: _("Choose a person: the scope is a person."),
}
LEAVE_EMPTY = {
    Scope.CAMPAIGN: _("Leave it empty, or choose “a campaign” as the scope."),
    Scope.PERSON: _("Leave it empty, or choose “a person” as the scope."),
}


def present(*, at: datetime) -> list[BudgetPeriod]:
    """Return the present period of each of this site's budgets."""
    budgets = Budget.objects.of_this_site().select_related("campaign", "person").with_periods(at=at)
    return [budget.period_at(at) for budget in budgets]


def alarms(periods: list[BudgetPeriod]) -> list[tuple[BudgetPeriod, int]]:
    """Return the periods that passed a mark, each with the highest mark in percent, the fullest first."""
    marks = ((period, max((mark for mark in ALARMS if period.percent >= mark), default=0)) for period in periods)
    return sorted(((period, mark) for period, mark in marks if mark), key=lambda pair: -pair[1])


def numbers(period: BudgetPeriod) -> Numbers:
    """Return the four numbers of a period; Estimated is the sum over all its orders."""
    return Numbers.of(period, estimated=period.estimated_usd)


class BudgetForm(ModelForm):
    """A limit and its scope, under the same rules as the commands."""

    class Meta:
        model = Budget
        fields = [*FIXED, "limit_usd", "hard"]
        field_classes = {"limit_usd": UsdField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = get_user_model().objects.filter(is_active=True)
        for name, rows, help_text in (
            ("campaign", Campaign.objects.in_use(), gettext("Only with the scope “a campaign”.")),
            ("person", people, gettext("Only with the scope “a person”: the person who orders.")),
        ):
            if name in self.fields:  # an existing budget shows them read-only
                field: Any = self.fields[name]
                field.queryset, field.help_text = rows, help_text
                for verb in ("add", "change", "delete", "view"):
                    setattr(field.widget, f"can_{verb}_related", False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None:
            self._check_subject(data)
        if not self.errors:
            try:
                limits.check_limit(**self.wanted(), at=clock.now())
            except ValidationError as error:
                self.add_error("limit_usd", error.messages)
        return data

    def _check_subject(self, data: dict[str, Any]) -> None:
        for name in (Scope.CAMPAIGN, Scope.PERSON):
            chosen, meant = data.get(name), data.get("scope") == name
            if meant and not chosen and name not in self.errors:
                self.add_error(name, CHOOSE[name])
            elif chosen and not meant:
                self.add_error(name, LEAVE_EMPTY[name])
        key = {name: data.get(name) for name in FIXED}
        if not self.errors and (existing := Budget.objects.of_this_site().filter(**key).first()):
            text = gettext("This budget exists already: “{budget}”. Change its limit instead.")
            self.add_error("period", text.format(budget=existing))

    def wanted(self) -> dict[str, Any]:
        """Return the arguments of limits.set_limit()."""
        fixed = {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in FIXED}
        return {**fixed, "limit_usd": self.cleaned_data["limit_usd"], "hard": self.cleaned_data["hard"]}


@admin.register(Budget)
class BudgetAdmin(ModelAdmin):
    form = BudgetForm
    list_display = ["name", "when", "use", "four", "kind"]
    list_display_links = ["name"]
    list_filter = ["scope", "period", "hard"]
    list_select_related = ["campaign", "person"]
    search_fields = ["campaign__name", "campaign__slug", "person__username"]
    search_help_text = _("A campaign's name or slug, or a person's user name.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        budgets: Any = super().get_queryset(request)
        return budgets.of_this_site().with_periods(at=clock.now())  # type: ignore[no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["now", *FIXED, "before", "history"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            ["now", *self._of(obj), "limit_usd", "hard", "before", "history"] if obj else list(BudgetForm.Meta.fields)
        )

    @staticmethod
    def _of(budget: Budget) -> list[str]:
        """Return which of FIXED this budget has a value for."""
        return [name for name in FIXED if getattr(budget, name)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Remove the action that deletes many budgets: each is deleted on its own page."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:  # an order came between the form's check and the save
            text = gettext("{problem}. Nothing was changed.").format(problem=error.messages[0])
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = limits.set_limit(**form.wanted(), at=clock.now(), by=person_of(request))
        obj.pk, obj.practice = saved.pk, saved.practice

    @admin.display(description=_("Budget"), ordering="scope")
    def name(self, budget: Budget) -> str:
        kind = "" if budget.scope == Scope.SITE else budget.get_scope_display()
        mark = gettext("practice money") if budget.practice else ""
        return display.two_lines(budget.subject, ", ".join(words for words in (kind, mark) if words))

    @admin.display(description=_("Period"), ordering="period")
    def when(self, budget: Budget) -> str:
        period = self._present(budget)
        return display.two_lines(budget.get_period_display(), period.words if period.ends_on else "")

    @admin.display(description=_("Used"))
    def use(self, budget: Budget) -> str:
        return display.meter(self._present(budget))

    @admin.display(description=_("Money"))
    def four(self, budget: Budget) -> str:
        return display.four_numbers(numbers(self._present(budget)))

    @admin.display(description=_("Over budget"), ordering="hard")
    def kind(self, budget: Budget) -> str:
        tone, words = ("info", _("refuses orders")) if budget.hard else ("neutral", _("only warns"))
        return format_html('<span class="badge badge-{}">{}</span>', tone, words)

    @admin.display(description=_("Now"))
    def now(self, budget: Budget) -> str:
        return format_html("{}{}", self.use(budget), self.four(budget))

    @admin.display(description=_("Earlier periods"))
    def before(self, budget: Budget) -> str:
        first = self._present(budget).starts_on
        earlier = BudgetPeriod.objects.filter(budget=budget, starts_on__lt=first).select_related("budget")
        rows = ((period.words, display.meter(period)) for period in earlier[:PERIODS_SHOWN])
        return format_html_join("", '<div class="earlier"><span>{}</span>{}</div>', rows) or display.EMPTY

    @admin.display(description=_("History"))
    def history(self, budget: Budget) -> str:
        events = budget.history()[:50]
        rows = ((display.when(event.at), _event_words(event.note, event.by, event.percent)) for event in events)
        return format_html('<ol class="timeline">{}</ol>', format_html_join("", "<li>{}<span>{}</span></li>", rows))

    @staticmethod
    def _present(budget: Budget) -> BudgetPeriod:
        return budget.period_at(timezone.now())  # this host's clock: the database's costs a query a row


def _event_words(note: str, by: Person | None, percent: int | None) -> str:
    if percent:
        return format_html('<span class="badge badge-warn">{}</span> {}', _("alarm"), note)
    return gettext("set to {limit}, by {person}").format(limit=note, person=by or gettext("a command"))
