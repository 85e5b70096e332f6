"""The Generate page of a prompt: what to order, where, how, what it will cost; then the order itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from generations import costs, offers
from generations.admin import display, verbs
from generations.formats import usd
from generations.forms import OrderForm, menu
from generations.media import CleanImage
from generations.models import GenerationTask, Prompt, ReferenceImage, Video
from generations.ordering import IMAGE_FIELDS, OrderRefused, Upload
from generations.pacing import obstacle
from generations.providers import ADAPTERS

# What decides the price and the time: while one of these is wrong, there is none to name.
DECIDES = ("provider", "model", "mode", "duration", "sound", "route", "takes")
SOUND = {True: "true", False: "false", None: ""}  # as the select has it
NO_PRICE = "Estimated: price unavailable"


class GenerateForm(OrderForm):
    """The order form of the page: it also takes the pictures of an earlier task as they are."""

    start_image_kept = forms.ModelChoiceField(ReferenceImage.objects.all(), required=False)
    end_image_kept = forms.ModelChoiceField(ReferenceImage.objects.all(), required=False)

    def clean_prompt(self) -> str:
        return one_newline(self.cleaned_data["prompt"])

    def clean_negative_prompt(self) -> str:
        return one_newline(self.cleaned_data["negative_prompt"])

    def _upload(self, name: str) -> Upload | None:
        kept: ReferenceImage | None = self.cleaned_data.get(f"{name}_kept")
        chosen = self.cleaned_data.get(name) or self.cleaned_data.get(f"{name}_url")
        if kept is None or chosen:
            return super()._upload(name)
        with kept.file.open("rb") as file:
            return Upload(CleanImage(file.read(), kept.extension, kept.width, kept.height), kept.original_name)


def one_newline(text: str) -> str:
    """Browsers send line ends as CR LF, which would count twice against a model's limit."""
    return text.replace("\r\n", "\n")


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form; order what it says, or say everything that is wrong with it at once."""
    prompt = _prompt_for(request, pk)
    if request.method != "POST":
        return _show(request, prompt, GenerateForm(initial=_initial(request, prompt)))
    form = GenerateForm(request.POST, request.FILES)
    if form.is_valid():
        at = timezone.now()
        try:
            tasks = form.place(at=at, by=request.user, prompt=prompt)
        except OrderRefused as error:
            _add_problems(form, error)
        else:
            return _ordered(request, tasks, at=at)
    return _show(request, prompt, form)


@require_safe
def price(request: HttpRequest, pk: int) -> HttpResponse:
    """What the chosen settings cost and how long they usually take, in words, for generate.js."""
    _prompt_for(request, pk)
    return JsonResponse(quote(GenerateForm(request.GET), at=timezone.now()))


def quote(form: OrderForm, *, at: datetime) -> dict[str, str]:
    """The price and the time of what a form says, as the page words them; never 0 for what is not known."""
    if any(name in form.errors for name in DECIDES):
        return {"price": NO_PRICE, "time": "", "button": "Order"}
    order, takes = form.order(), form.cleaned_data["takes"]
    each = costs.estimate(order, at=at)
    return {
        "price": _estimated(each, takes),
        "time": _usual_time(offers.find(order.provider, order.model, order.mode), order.duration_seconds),
        "button": _button(each, takes),
    }


def _prompt_for(request: HttpRequest, pk: int) -> Prompt:
    if not verbs.may_order(request):
        raise PermissionDenied
    return get_object_or_404(Prompt, pk=pk)


def _show(request: HttpRequest, prompt: Prompt, form: GenerateForm) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": f"Generate: {prompt.name}",
        "opts": Prompt._meta,
        "prompt": prompt,
        "form": form,
        "problems": list(_problems(form)) if form.is_bound else [],
        "files_again": [name for name in IMAGE_FIELDS if form.is_bound and request.FILES.get(name)],
        "kept": {name: image for name in IMAGE_FIELDS if (image := _kept(form, name))},
        "quote": quote(form if form.is_bound else GenerateForm(form.initial), at=timezone.now()),
        "menu": menu(),
        "price_url": reverse("admin:generations_prompt_price", args=[prompt.pk]),
        "practice": settings.PRACTICE,
        "obstacles": [text for name in ADAPTERS if (text := obstacle(name))],
    }
    return render(request, "admin/generations/prompt/generate.html", context)


def _ordered(request: HttpRequest, tasks: list[GenerationTask], *, at: datetime) -> HttpResponse:
    if not verbs.is_new(tasks[0], at=at):
        text = (
            "This form was sent before and its order stands: nothing was ordered twice. For more, open Generate again."
        )
        messages.warning(request, text)
    else:
        clips = "1 clip" if len(tasks) == 1 else f"{len(tasks)} clips"
        messages.success(request, f"{clips} ordered. {verbs.reserved(tasks)}.")
    if len(tasks) == 1:
        return redirect(tasks[0])
    return redirect(f"{reverse('admin:generations_generationtask_changelist')}?batch={tasks[0].batch}")


def _initial(request: HttpRequest, prompt: Prompt) -> dict[str, Any]:
    """The prompt's words, or all settings of the task, or of the video's task, that the address names."""
    start = {"batch": uuid.uuid4(), "sound": "false"}
    task = _like(request)
    if task is None:
        return {**start, "prompt": prompt.text, "negative_prompt": prompt.negative_prompt}
    columns = ("provider", "model", "mode", "aspect_ratio", "negative_prompt", "cfg_scale", "route")
    pictures = {f"{name}_kept": getattr(task, f"{name}_id") for name in IMAGE_FIELDS}
    urls = {f"{name}_url": getattr(task, f"{name}_url") for name in IMAGE_FIELDS}
    copied = {name: getattr(task, name) for name in columns} | {"sound": SOUND[task.sound]}
    return {**start, **copied, **pictures, **urls, "prompt": task.prompt_text, "duration": task.duration_seconds}


def _like(request: HttpRequest) -> GenerationTask | None:
    """The task whose settings are to be taken; 404 when the address names one that is not there."""
    try:
        if video := request.GET.get("video"):
            return get_object_or_404(Video.objects.select_related("task"), pk=int(video)).task
        if like := request.GET.get("like"):
            return get_object_or_404(GenerationTask, pk=int(like))
    except ValueError as error:
        raise Http404 from error
    return None


def _add_problems(form: GenerateForm, refused: OrderRefused) -> None:
    for name, texts in refused.problems.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


def _problems(form: GenerateForm) -> Iterator[tuple[str, str, str]]:
    """Field's id, its label and what is wrong, in the order of the form."""
    for name, texts in form.errors.items():
        bound = form[name] if name in form.fields else None
        for text in texts:
            yield (bound.id_for_label if bound else "", str(bound.label) if bound else "", str(text))


def _kept(form: GenerateForm, name: str) -> dict[str, Any] | None:
    value = form[f"{name}_kept"].value()
    image = ReferenceImage.objects.filter(pk=value).first() if str(value or "").isdigit() else None
    return {"pk": image.pk, "poster": display.poster(display.media_url(image.file.name))} if image else None


def _estimated(each: Decimal | None, takes: int) -> str:
    practice = " Practice: no real money." if settings.PRACTICE else ""
    if each is None:
        return f"{NO_PRICE}.{practice}"
    if takes == 1:
        return f"Estimated: {usd(each)}.{practice}"
    return f"Estimated: {usd(each)} × {takes} = {usd(each * takes)}.{practice}"


def _button(each: Decimal | None, takes: int) -> str:
    clips = "Order 1 clip" if takes == 1 else f"Order {takes} clips"
    return clips if each is None else f"{clips}, {usd(each * takes)}"


def _usual_time(offer: offers.Offer | None, seconds: int) -> str:
    if offer is None or seconds not in offer.expected_seconds:
        return ""
    low, high = offer.expected_seconds[seconds]
    return display.usual(low * settings.WAIT_SCALE, high * settings.WAIT_SCALE)
