"""The page of a prompt's versions: what was made from each, the difference between any two, and bringing one back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from generations import clock
from generations.admin import display
from generations.admin.base import person_of
from generations.catalog.wrong_addresses import number_named
from generations.library import prompt_versions
from generations.library.prompt_versions import Uses
from generations.models import GenerationTask, Prompt, PromptVersion

SHOWN = 100  # newest versions in the table


def urls(wrap: Callable[..., Any]) -> list[URLPattern]:
    """Return the paths below the list of prompts."""
    return [
        path("<int:pk>/versions/", wrap(page), name="generations_prompt_versions"),
        path("<int:pk>/versions/<int:number>/restore/", wrap(restore), name="generations_prompt_restore"),
    ]


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the versions of a prompt, and the difference of the two that the address names, or of the newest two."""
    prompts = admin.site.get_model_admin(Prompt)
    if not prompts.has_view_permission(request):
        raise PermissionDenied
    prompt = get_object_or_404(Prompt, pk=pk)
    versions = list(prompt.versions.select_related("by")[:SHOWN])
    pair = _pair(request, prompt, versions)
    used = prompt_versions.uses(prompt, versions)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Versions: {prompt}").format(prompt=prompt.name),
        "opts": Prompt._meta,
        "prompt": prompt,
        "rows": [(version, version.wording == prompt.wording, _used(used.get(version.number))) for version in versions],
        "pair": pair,
        "texts": _compared(*pair) if pair else [],
        "may_restore": prompts.has_change_permission(request),
    }
    return render(request, "admin/generations/prompt/versions.html", context)


def _pair(
    request: HttpRequest, prompt: Prompt, versions: list[PromptVersion]
) -> tuple[PromptVersion, PromptVersion] | None:
    """Return the two versions to compare. Raises: Http404 for a number that no version has, WrongAddress."""
    asked = [number_named(request, name) for name in ("from", "to")]
    newest = [version.number for version in versions[:2][::-1]]
    if len(newest) < 2:
        return None
    numbers = (usual if number is None else number for number, usual in zip(asked, newest, strict=True))
    first, second = (get_object_or_404(prompt.versions, number=number) for number in numbers)
    return first, second


def _compared(before: PromptVersion, after: PromptVersion) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the pieces of each text of two versions, with its name; nothing for a text that both leave empty."""
    names = (gettext("Text"), gettext("Negative prompt"))
    return [
        (name, prompt_versions.differences(old, new))
        for name, old, new in zip(names, before.wording, after.wording, strict=True)
        if old or new
    ]


def _used(uses: Uses | None) -> str:
    if uses is None:
        return display.EMPTY
    clips = ngettext("{n} clip, {approved} approved", "{n} clips, {approved} approved", uses.clips)
    money = ((display.money(usd, practice=practice),) for practice, usd in sorted(uses.spent.items()))
    return display.two_lines(clips.format(n=uses.clips, approved=uses.approved), format_html_join(", ", "{}", money))


@require_POST
def restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Bring the wording of a version back, as the newest version."""
    prompts = admin.site.get_model_admin(Prompt)
    if not prompts.has_change_permission(request):
        raise PermissionDenied
    prompt = get_object_or_404(Prompt, pk=pk)
    version = get_object_or_404(prompt.versions, number=number)
    new = prompt_versions.restore(prompt, version, at=clock.now(), by=person_of(request))
    if new is None:
        text = gettext("Nothing was changed: the prompt has the words of {version} already.")
        messages.info(request, text.format(version=version))
    else:
        prompts.log_change(request, prompt, f"Brought back the words of version {number}.")
        text = gettext("The words of version {number} are back, as version {new}.")
        messages.success(request, text.format(number=number, new=new.number))
    return redirect("admin:generations_prompt_versions", pk)


def numbered(prompt: Prompt, tasks: list[GenerationTask]) -> list[str]:
    """Return for each task the version that it was ordered from, found by its words: `v3`; empty for none."""
    versions = list(prompt.versions.all()[:SHOWN])
    numbers = (prompt_versions.made_from((task.prompt_text, task.negative_prompt), versions) for task in tasks)
    return [f"v{number}" if number else "" for number in numbers]
