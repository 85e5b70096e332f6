"""What the Generate page says of many orders before their receipt: how many, their sum, what is left out and why."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, ngettext, ngettext_lazy

from generations.formats import as_price
from generations.forms.many import ManyForm
from generations.lifecycle import ordering
from generations.models import BudgetPeriod, Prompt
from generations.models.prices import Quote
from generations.money import budgets, ledger
from generations.money.budgets import Outlook
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Order
from generations.receipts import spend_cap
from generations.receipts.spend_cap import trim_orders

MOST_SHOWN = 12  # combinations that are left out; the receipt names all
MULTIPLIED = {
    "text": ngettext_lazy("{n} text", "{n} texts", "n"),
    "model": ngettext_lazy("{n} model", "{n} models", "n"),
    "duration": ngettext_lazy("{n} duration", "{n} durations", "n"),
    "aspect ratio": ngettext_lazy("{n} aspect ratio", "{n} aspect ratios", "n"),
    "take": ngettext_lazy("{n} take", "{n} takes", "n"),
}


def quote(form: ManyForm, prompt: Prompt | None, *, periods: list[BudgetPeriod], at: datetime) -> dict[str, Any]:
    """Return the number of clips, their price and the budgets that they come out of, in the words of the page."""
    quotes, found = [], []
    for request in form.settings_requests(prompt):
        wrong = [texts[0] for name, texts in ordering.problems(request).items() if name not in IMAGE_FIELDS]
        if wrong:
            found.append(f"{_name(request.order)}: {wrong[0]}")
        else:
            quotes.append(ledger.estimate(request.order, at=at))
    left_out = list(dict.fromkeys(found))
    many = [each for _text in range(form.number_of_texts) for each in quotes]
    clips, fits = [form.cleaned_data["takes"]] * len(many), ""
    if (at_most := form.cleaned_data.get("spend_at_most")) is not None and many:
        orders = [(takes, each.usd) for takes, each in zip(clips, many, strict=True)]
        trimmed = trim_orders(orders, at_most=at_most, periods=periods)
        if trimmed.problems:
            return {"price": trimmed.problems[spend_cap.FIELD][0].capitalize() + "."}
        if trimmed.text:
            text = ngettext("{number} of {n} clip fit.", "{number} of {n} clips fit.", sum(clips))
            fits = f" {text.format(number=sum(trimmed.takes), n=sum(clips))}"
        clips = trimmed.takes
    cost, price = _sum(many, clips)
    ordered = form.cleaned_data["takes"] * len(many)
    clips_of_all = ngettext("{n} clip", "{n} clips", ordered)
    if more := left_out[MOST_SHOWN:]:
        left_out[MOST_SHOWN:] = [ngettext("and {n} more", "and {n} more", len(more)).format(n=len(more))]
    return {
        "clips": f"{_product(form)} = {clips_of_all.format(n=ordered)}",
        "left_out": left_out,
        "price": f"{price}{fits}",
        "budgets": [budget_line(budgets.fit_check(period, cost)) for period in periods],
    }


def budget_line(outlook: Outlook) -> dict[str, Any]:
    """Return a budget's line: its name, the four numbers, and whether the order is within it."""
    period, numbers = outlook.period, outlook.numbers
    if outlook.refusal:
        tone, verdict = "bad", gettext("over budget")
        if numbers.estimated is None:
            verdict = gettext("refuses orders without a price")
    elif numbers.estimated is None:
        tone, verdict = "neutral", gettext("counts when its price is known")
    elif numbers.estimated > period.remaining_usd:
        tone, verdict = "warn", gettext("over budget, only warns")
    else:
        tone, verdict = "good", gettext("within budget")
    return {"name": str(period), "numbers": numbers.named(), "verdict": verdict, "tone": tone}


def _name(order: Order) -> str:
    names = [offers.model_name(order.model), offers.mode_name(order.mode).lower()]
    return f"{', '.join(names)} ({offers.provider_name(order.provider)})"


def _product(form: ManyForm) -> str:
    """Return what is multiplied: `2 texts × 2 durations × 3 takes`."""
    takes = form.cleaned_data["takes"]
    counts = [*form.axes(), *([("take", takes)] if takes > 1 else [])]
    return " × ".join(MULTIPLIED[name].format(n=count) for name, count in counts)


def _sum(quotes: list[Quote], clips: list[int]) -> tuple[Decimal | None, str]:
    """Return the cost in USD, None while a price is unknown, and the sum in words."""
    known = [each.usd * takes for each, takes in zip(quotes, clips, strict=True) if each.usd is not None]
    unknown = sum(takes for each, takes in zip(quotes, clips, strict=True) if each.usd is None)
    total, least = sum(known, Decimal(0)), any(each.is_minimum for each in quotes)
    words = as_price(total if known else None, is_minimum=least)
    if known and unknown:
        text = ngettext("{sum} and {n} of unknown price", "{sum} and {n} of unknown price", unknown)
        words = text.format(sum=words, n=unknown)
    return None if unknown else total, estimated(words)


def estimated(words: str) -> str:
    """Return the line of a price before its receipt."""
    text = gettext("Estimated: {price}.").format(price=words)
    return " ".join([text, gettext("Practice: no real money.")]) if settings.PRACTICE else text
