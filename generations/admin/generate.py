"""The Generate page of a prompt: the order form with its price, then the receipt and its confirmation."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from generations import clock
from generations.admin import display, prices, receipt, task_actions
from generations.admin.base import person_of
from generations.admin.receipt import PaidAction
from generations.formats import usd
from generations.forms import parameters
from generations.forms.orders import OrderForm
from generations.lifecycle import ordering
from generations.lifecycle.capacity import obstacles
from generations.lifecycle.ordering import Problems, Upload
from generations.models import GenerationTask, Price, Prompt, ReferenceImage, Video
from generations.models.prices import Unit
from generations.money import budgets
from generations.money.budgets import Outlook
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Value
from generations.providers.menu import Offer
from generations.providers.parameters import YesNo
from generations.receipts import preflight, spend_cap
from generations.receipts.spend_cap import trim

# With the settings, what decides the price and the time: while one of these is wrong, there is none to name.
DECIDES = ("provider", "model", "mode", "takes")
SELECTED = {True: "true", False: "false"}  # as a select has it
NO_PRICE = "Estimated: price unknown"


class GenerateForm(OrderForm):
    """The order form of the page, which also takes the stored pictures of an earlier task."""

    start_image_kept = forms.ModelChoiceField(ReferenceImage.objects.all(), required=False)
    end_image_kept = forms.ModelChoiceField(ReferenceImage.objects.all(), required=False)

    def typed(self, name: str) -> str:
        return one_newline(super().typed(name))

    def _image(self, name: str) -> Upload | ReferenceImage | None:
        kept: ReferenceImage | None = self.cleaned_data.get(f"{name}_kept")
        chosen = self.cleaned_data.get(name) or self.cleaned_data.get(f"{name}_url")
        if kept is None or chosen:
            return super()._image(name)
        if kept.file.storage.exists(str(kept.file)):
            return kept
        self.add_error(name, "its file is gone; choose it again")
        return None


def one_newline(text: str) -> str:
    """Turn a browser's CR LF into one character, as a model's limit counts it."""
    return text.replace("\r\n", "\n")


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form with every problem at once, then its receipt; place the order that is confirmed."""
    prompt = _prompt_for(request, pk)
    if request.method != "POST":
        return _show(request, prompt, GenerateForm(initial=_typed(request) or _initial(request, prompt)))
    outcome = receipt.confirm(request)
    if isinstance(outcome, HttpResponse):
        return outcome
    form = GenerateForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, prompt, form)
    action = _action(prompt, form)
    found = receipt.inspect(request, action)
    if found.problems and not outcome:
        _add_problems(form, found.problems)
        return _show(request, prompt, form)
    return receipt.show(request, action, found, outcome)


def _action(prompt: Prompt, form: GenerateForm) -> PaidAction:
    """Return the action of a good form; its pictures are stored, so that they need not be chosen again."""
    asked = form.order_request(prompt)
    images = {name: ordering.stored(image) for name, image in asked.images.items()}
    fields = {name: str(form.data[name]) for name in form.fields if name in form.data}
    fields |= {f"{name}_kept": str(image.pk) for name, image in images.items()}
    return PaidAction(
        title=f"Receipt: {prompt.name}",
        requests=[replace(asked, images=images)],
        batch=form.cleaned_data["batch"] or uuid.uuid4(),
        back=[("Prompts", reverse("admin:generations_prompt_changelist")), (prompt.name, prompt.get_absolute_url())],
        hidden=list(fields.items()),
        spend_at_most=form.cleaned_data["spend_at_most"],
    )


@require_safe
def price(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the chosen settings cost and how long they usually take, for generate.js."""
    prompt = _prompt_for(request, pk)
    return JsonResponse(quote(request, GenerateForm(request.GET), prompt))


def quote(request: HttpRequest, form: OrderForm, prompt: Prompt) -> dict[str, Any]:
    """Return price, time and budgets of a form in the words of the page; an unknown price is never 0.

    `add_price` is the page that adds a price where there is none, for a person who may.
    """
    unknown = {"price": NO_PRICE, "time": "", "budgets": [], "add_price": ""}
    if any(name in form.errors for name in (*DECIDES, *parameters.decide_the_price())):
        return unknown
    at, order, takes = clock.now(), form.order(), form.cleaned_data["takes"]
    known = Price.objects.best(order, on=timezone.localdate(at))
    each = known.for_clip(order) if known else None
    periods = preflight.budget_periods(form.paying_campaign(prompt), by=person_of(request), at=at)
    at_most, fits = form.cleaned_data.get("spend_at_most"), ""
    if at_most is not None and each is not None:
        trimmed = trim(takes, price_usd=each, at_most=at_most, periods=periods)
        if trimmed.problems:
            return unknown | {"price": trimmed.problems[spend_cap.FIELD][0].capitalize() + "."}
        fits = f" {trimmed.takes} of {takes} takes fit." if trimmed.dropped else ""
        takes = trimmed.takes
    cost = None if each is None else each * takes
    return {
        "budgets": [_budget(budgets.fit_check(period, cost)) for period in periods],
        "price": _estimated(known, each, takes) + fits,
        "time": _usual_time(offers.find(order.provider, order.model, order.mode), order.duration_seconds),
        "add_price": "" if known else prices.add_url(request, order),
    }


def _prompt_for(request: HttpRequest, pk: int) -> Prompt:
    if not task_actions.may_order(request):
        raise PermissionDenied
    return get_object_or_404(Prompt, pk=pk)


def _show(request: HttpRequest, prompt: Prompt, form: GenerateForm) -> HttpResponse:
    kept = {name: _kept(form, name) for name in IMAGE_FIELDS}
    of_campaigns: Any = form.fields["campaign"]
    of_campaigns.empty_label = f"From the prompt: {prompt.campaign}" if prompt.campaign else "None"
    context = {
        **admin.site.each_context(request),
        "title": f"Generate: {prompt.name}",
        "opts": Prompt._meta,
        "prompt": prompt,
        "form": form,
        "problems": list(_problems(form)) if form.is_bound else [],
        "files_again": [name for name in IMAGE_FIELDS if request.FILES.get(name) and not kept[name]],
        "pictures": [(form[name], form[f"{name}_url"], kept[name]) for name in IMAGE_FIELDS],
        "quote": quote(request, form if form.is_bound else GenerateForm(form.initial), prompt),
        "menu": parameters.menu(),
        "price_url": reverse("admin:generations_prompt_price", args=[prompt.pk]),
        "practice": settings.PRACTICE,
        "obstacles": obstacles(),
    }
    return render(request, "admin/generations/prompt/generate.html", context)


def _initial(request: HttpRequest, prompt: Prompt) -> dict[str, Any]:
    """Return the prompt's words, or all settings of the task or video that the address names."""
    task = _like(request)
    if task is None:
        start = {"batch": uuid.uuid4(), **_start(_first_offer())}
        return {**start, "prompt": prompt.text, "negative_prompt": prompt.negative_prompt}
    copied = {name: getattr(task, name) for name in ("provider", "model", "mode")} | dict.fromkeys(
        parameters.kinds(), ""
    )
    copied |= {name: _selected(value) for name, value in task.chosen.items()}
    pictures = {f"{name}_kept": getattr(task, f"{name}_id") for name in IMAGE_FIELDS}
    urls = {f"{name}_url": getattr(task, f"{name}_url") for name in IMAGE_FIELDS}
    if task.campaign and not task.campaign.archived:
        copied["campaign"] = task.campaign.slug
    return {"batch": uuid.uuid4(), **copied, **pictures, **urls}


def _start(offer: Offer) -> dict[str, Any]:
    """Return what the fields of an offer start from, which is what a page without a script sends: no sound."""
    usual = {
        name: False if isinstance(each, YesNo) and each.required and each.default is None else each.default
        for name, each in offer.parameters.items()
    }
    chosen = {name: _selected(usual.get(name)) for name in parameters.kinds()}
    return {"provider": offer.provider, "model": offer.model, "mode": offer.mode, **chosen}


def _selected(value: Value | None) -> Any:
    return "" if value is None else SELECTED[value] if isinstance(value, bool) else value


def _first_offer() -> Offer:
    """Return the first line of the menu whose price is known, or else the very first one."""
    priced = {price.key for price in Price.objects.filter(valid_from__lte=timezone.localdate())}
    menu = list(offers.OFFERS.values())
    return next((offer for offer in menu if offer.key in priced), menu[0])


def _like(request: HttpRequest) -> GenerationTask | None:
    """Return the task whose settings are copied. Raises: Http404 when the address names one that does not exist."""
    try:
        if video := request.GET.get("video"):
            return get_object_or_404(Video.objects.select_related("task"), pk=int(video)).task
        if like := request.GET.get("like"):
            return get_object_or_404(GenerationTask, pk=int(like))
    except ValueError as error:
        raise Http404 from error
    return None


def _typed(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of the form whose receipt the address names; nothing where it is not of this session."""
    shown = receipt.kept(request, request.GET.get(receipt.FIELD))
    return dict(shown["hidden"]) if shown else {}


def _add_problems(form: GenerateForm, problems: Problems) -> None:
    for name, texts in problems.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


def _problems(form: GenerateForm) -> Iterator[tuple[str, str, str]]:
    """Yield a field's id, its label and what is wrong, in the order of the form."""
    for name, texts in form.errors.items():
        bound = form[name] if name in form.fields else None
        for text in texts:
            yield (bound.id_for_label if bound else "", str(bound.label) if bound else "", str(text))


def _kept(form: GenerateForm, name: str) -> dict[str, Any] | None:
    """Return the stored picture of a field; a good upload of a form with problems is stored, to be chosen once."""
    if form.is_bound and name not in form.errors and isinstance(upload := form.images.get(name), Upload):
        image: ReferenceImage | None = ordering.stored(upload)
    else:
        value = form[f"{name}_kept"].value()
        image = ReferenceImage.objects.filter(pk=value).first() if str(value or "").isdigit() else None
    return {"pk": image.pk, "poster": display.poster(image.file.url)} if image else None


def _budget(outlook: Outlook) -> dict[str, Any]:
    """Return a budget's line: its name, the four numbers, and whether the order is within it."""
    period, numbers = outlook.period, outlook.numbers
    if outlook.refusal:
        tone, verdict = "bad", "refuses orders without a price" if numbers.estimated is None else "over budget"
    elif numbers.estimated is None:
        tone, verdict = "neutral", "counts when its price is known"
    elif numbers.estimated > period.remaining_usd:
        tone, verdict = "warn", "over budget, only warns"
    else:
        tone, verdict = "good", "within budget"
    return {"name": str(period), "numbers": numbers.named(), "verdict": verdict, "tone": tone}


def _estimated(known: Price | None, each: Decimal | None, takes: int) -> str:
    """Say what the clips cost and, where the price is by the second, what a second costs."""
    practice = " Practice: no real money." if settings.PRACTICE else ""
    if known is None:
        return f"{NO_PRICE}.{practice}"
    if each is None:
        return f"Estimated: {known.amount}; the receipt measures the reference video.{practice}"
    words = usd(each, is_minimum=known.is_minimum)
    if takes > 1:
        words += f" × {takes} = {usd(each * takes, is_minimum=known.is_minimum)}"
    if known.unit == Unit.SECOND:
        words += f" ({known.amount})"
    return f"Estimated: {words}.{practice}"


def _usual_time(offer: Offer | None, seconds: int) -> str:
    if offer is None or seconds not in offer.expected_seconds:
        return ""
    low, high = offer.expected_seconds[seconds]
    return display.usual_duration(low * settings.WAIT_SCALE, high * settings.WAIT_SCALE)
