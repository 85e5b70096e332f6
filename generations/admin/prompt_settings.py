"""The settings that a prompt carries: saved from the Generate page, which then starts from them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext

from generations.forms import parameters
from generations.library import prompt_settings
from generations.library.prompt_settings import WHERE
from generations.models import Prompt
from generations.providers import offers

BUTTON = "settings_of_the_prompt"  # the name of both buttons
FORGET = "forget"


def save(request: HttpRequest, prompt: Prompt) -> None:
    """Save the settings of the form with its prompt, or forget them; name wrong ones, which are not saved."""
    if not _may(request):
        raise PermissionDenied
    chosen = {} if request.POST[BUTTON] == FORGET else _chosen(request)
    if wrong := prompt_settings.problems(chosen):
        messages.error(request, gettext("The settings were not saved: {why}.").format(why="; ".join(wrong)))
        return
    Prompt.objects.filter(pk=prompt.pk).update(defaults=chosen)
    prompt.defaults = chosen
    words = prompt_settings.in_words(chosen)
    if words:
        said = gettext("Settings saved with the prompt: {settings}.").format(settings=words)
    else:
        said = gettext("The prompt has no settings of its own any more.")
    messages.success(request, " ".join([said, gettext("Nothing was ordered.")]))


def context(request: HttpRequest, prompt: Prompt | None) -> dict[str, Any]:
    """Return what the Generate page says of a prompt's settings."""
    if prompt is None:
        return {}
    return {
        "prompt": prompt,
        "prompt_settings": prompt_settings.in_words(prompt.defaults),
        "may_save_settings": _may(request),
    }


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Return the settings of the form that the chosen offer takes: a page without a script sends others too."""
    where = {name: request.POST.get(name, "") for name in WHERE}
    offer = offers.find(*where.values())
    taken = [name for name in parameters.decide_the_price() if offer and name in offer.parameters]
    return where | {name: request.POST[name] for name in taken if request.POST.get(name)}


def _may(request: HttpRequest) -> bool:
    return admin.site.get_model_admin(Prompt).has_change_permission(request)
