"""New clip, and the Generate page of a prompt: the order form with its price, then the receipt and its confirmation."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from generations.admin import last_choice, pictures, prompt_settings, receipt, task_actions
from generations.admin.base import person_of
from generations.admin.quotes import quote
from generations.admin.receipt import PaidAction
from generations.catalog.wrong_addresses import number_named
from generations.forms import parameters
from generations.forms.many import ALSO, ManyForm
from generations.forms.pictures import PicturesForm
from generations.lifecycle import continuing, ordering
from generations.lifecycle.capacity import obstacles
from generations.lifecycle.ordering import BatchPlan, Problems
from generations.models import GenerationTask, Prompt, Video
from generations.models.prompts import beginning
from generations.providers.base import IMAGE_FIELDS

SELDOM = ("negative_prompt", "cfg_scale", "route")  # parameters that stand under "More settings"
MANY = (*ALSO, "spend_at_most", "stops_when_approved", "stops_batch")
LISTS = ALSO[1:]  # fields with several values
MORE = (*SELDOM, "campaign", "delivery")


class GenerateForm(PicturesForm, ManyForm):
    """The order form of the page."""

    instead = forms.ModelChoiceField(GenerationTask.objects.all(), required=False, widget=forms.HiddenInput)
    stops_batch = forms.BooleanField(
        label=_("Cancel everything of this order that still waits once one clip is approved"), required=False
    )

    def typed(self, name: str) -> str:
        return one_newline(super().typed(name))


def one_newline(text: str) -> str:
    """Turn a browser's CR LF into one character, as a model's limit counts it."""
    return text.replace("\r\n", "\n")


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show the form with every problem at once, then its receipt; place the order that is confirmed.

    Without a prompt, the order makes one, or uses that of the same words.
    """
    prompt = _prompt_for(request, pk)
    if request.method != "POST":
        initial = _typed(request) or pictures.typed(request) or _initial(request, prompt)
        form = GenerateForm(initial=initial | pictures.chosen(request))
        return _sent_meanwhile(request) or _show(request, prompt, form)
    outcome = receipt.confirm(request)
    if isinstance(outcome, HttpResponse):
        last_choice.remember(request)
        return outcome
    form = GenerateForm(request.POST, request.FILES)
    if pictures.BUTTON in request.POST:
        return pictures.leave(request, form)
    if prompt and prompt_settings.BUTTON in request.POST:
        prompt_settings.save(request, prompt)
        return _show(request, prompt, GenerateForm(initial=_sent(request)))
    if not form.is_valid():
        return _show(request, prompt, form)
    action = _action(prompt, form)
    found = receipt.inspect(request, action)
    if found.problems and not outcome:
        _add_problems(form, found.problems)
        return _show(request, prompt, form)
    return receipt.show(request, action, found, outcome)


def _action(prompt: Prompt | None, form: GenerateForm) -> PaidAction:
    """Return the action of a good form; its pictures are stored, so that they need not be chosen again."""
    asked = form.requests(prompt)
    images = {name: ordering.stored(image) for name, image in asked[0].images.items()}
    kept = {f"{name}_kept": str(image.pk) for name, image in images.items()}
    replaced: GenerationTask | None = form.cleaned_data["instead"]
    sent = cast(QueryDict, form.data)
    fields = [(name, str(each)) for name in form.fields if name not in kept for each in sent.getlist(name)]
    name = prompt.name if prompt else beginning(form.typed("prompt"))
    title, note = gettext("Receipt: {what}").format(what=name or gettext("new clip")), ""
    if replaced:
        title = gettext("Receipt: change of {task}").format(task=replaced)
        note = gettext("{task} waits to be sent. It is canceled, and this takes its place.").format(task=replaced)
    return PaidAction(
        title=title,
        requests=[replace(each, images=images, replaces=replaced) for each in asked],
        batch=form.cleaned_data["batch"] or uuid.uuid4(),
        back=_back(prompt),
        hidden=[*fields, *kept.items()],
        spend_at_most=form.cleaned_data["spend_at_most"],
        note=note,
        plan=BatchPlan(name, stops_when_approved=form.cleaned_data["stops_batch"]),
    )


def _sent_meanwhile(request: HttpRequest) -> HttpResponse | None:
    """Lead back to the task that was to be changed, if that can no longer be; None if it can, or if none was."""
    task = _task_named(request, "instead")
    if task is None or task.can_be_canceled:
        return None
    messages.warning(request, gettext("Nothing was changed: {why}.").format(why=ordering.was_sent(task)))
    return redirect(task)


def _replaced(form: GenerateForm) -> GenerationTask | None:
    """Return the waiting task that the form changes, if it changes one."""
    value = str(form["instead"].value() or "")
    return GenerationTask.objects.filter(pk=value).first() if value.isdecimal() else None


def _back(prompt: Prompt | None) -> list[tuple[str, str]]:
    if prompt is None:
        return [(gettext("New clip"), reverse("new_clip"))]
    return [
        (gettext("Prompts"), reverse("admin:generations_prompt_changelist")),
        (prompt.name, prompt.get_absolute_url()),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def price(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Say what the chosen settings cost and how long they usually take, for generate.js, which posts long texts."""
    prompt = _prompt_for(request, pk)
    return JsonResponse(quote(request, GenerateForm(request.POST or request.GET), prompt))


def _prompt_for(request: HttpRequest, pk: int | None) -> Prompt | None:
    if not task_actions.may_order(request):
        raise PermissionDenied
    return None if pk is None else get_object_or_404(Prompt, pk=pk)


def _show(request: HttpRequest, prompt: Prompt | None, form: GenerateForm) -> HttpResponse:
    kept = {name: pictures.kept(form, name) for name in IMAGE_FIELDS}
    of_campaigns: Any = form.fields["campaign"]
    of_campaigns.empty_label = gettext("None")
    if prompt and prompt.campaign:
        of_campaigns.empty_label = gettext("From the prompt: {campaign}").format(campaign=prompt.campaign)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Generate: {prompt}").format(prompt=prompt.name) if prompt else gettext("New clip"),
        "back": _back(prompt),
        "page_name": gettext("Generate") if prompt else "",
        "form": form,
        "replaced": _replaced(form),
        **_fields(form),
        "problems": list(_problems(form)) if form.is_bound else [],
        "files_again": [name for name in IMAGE_FIELDS if request.FILES.get(name) and not kept[name]],
        "pictures": [(form[name], form[f"{name}_url"], kept[name]) for name in IMAGE_FIELDS],
        "quote": quote(request, form if form.is_bound else GenerateForm(form.initial), prompt),
        "menu": parameters.menu(),
        "price_url": _price_url(prompt),
        "practice": settings.PRACTICE,
        "obstacles": obstacles(),
        **prompt_settings.context(request, prompt),
    }
    return render(request, "admin/generations/prompt/generate.html", context)


def _fields(form: GenerateForm) -> dict[str, Any]:
    """Return the fields of every order, and those that few orders need, which are folded unless they say something."""
    fields = [*form.texts, *form.settings]
    return {
        "texts": [field for field in form.texts if field.name not in SELDOM],
        "settings": [field for field in form.settings if field.name not in SELDOM],
        "more": [field for field in fields if field.name in SELDOM],
        "also": [form[name] for name in LISTS],
        "more_is_open": any(form[name].value() for name in ("negative_prompt", "campaign"))
        or any(name in form.errors for name in MORE if form.is_bound),
        "many_is_open": any(form[name].value() for name in MANY)
        or any(name in form.errors for name in MANY if form.is_bound),
    }


def _price_url(prompt: Prompt | None) -> str:
    return reverse("admin:generations_prompt_price", args=[prompt.pk]) if prompt else reverse("new_clip_price")


def _initial(request: HttpRequest, prompt: Prompt | None) -> dict[str, Any]:
    """Return the prompt's words, or all settings of the task or video that the address names."""
    continued = pictures.continued_by(request)
    task = continued.task if continued else _like(request)
    if task is None:
        start = {"batch": uuid.uuid4(), **last_choice.start(request, prompt)}
        texts = {"prompt": prompt.text, "negative_prompt": prompt.negative_prompt} if prompt else {}
        return {**start, **texts}
    order = continuing.with_start_image(task) if continued else task.order().with_images("", "")
    copied = {name: getattr(order, name) for name in ("provider", "model", "mode")} | dict.fromkeys(
        parameters.kinds(), ""
    )
    copied |= {name: last_choice.selected(value) for name, value in order.parameters.items()}
    copied |= {} if continued else pictures.of_task(task)
    if task.campaign and not task.campaign.archived:
        copied["campaign"] = task.campaign.slug
    replaced = _task_named(request, "instead")
    return {"batch": uuid.uuid4(), "instead": replaced and replaced.pk, **copied}


def _like(request: HttpRequest) -> GenerationTask | None:
    """Return the task whose settings are copied. Raises: Http404 for one that does not exist, WrongAddress."""
    if video := number_named(request, "video"):
        return get_object_or_404(Video.objects.visible_to(person_of(request)).select_related("task"), pk=video).task
    return _task_named(request, "like") or _task_named(request, "instead")


def _task_named(request: HttpRequest, name: str) -> GenerationTask | None:
    """Return the task that the address names so. Raises: Http404, WrongAddress."""
    number = number_named(request, name)
    return None if number is None else get_object_or_404(GenerationTask, pk=number)


def _typed(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of the form whose receipt the address names; nothing where it is not of this session."""
    shown = receipt.kept(request, request.GET.get(receipt.FIELD))
    pairs = shown["hidden"] if shown else []
    return {name: [value for each, value in pairs if each == name] if name in LISTS else value for name, value in pairs}


def _sent(request: HttpRequest) -> dict[str, Any]:
    """Return the fields that were sent, for a form that starts from them."""
    return {name: values if name in LISTS else values[-1] for name, values in request.POST.lists()}


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


urlpatterns = [
    path("", admin.site.admin_view(page), name="new_clip"),
    path("price/", admin.site.admin_view(price), name="new_clip_price"),
]
