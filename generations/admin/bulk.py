"""Do one thing to the chosen rows of a list, or to all that match; what takes a value is asked for on a page between.

The page between holds the ids of what was chosen, so that what comes to match meanwhile is not changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.admin import display
from generations.admin.base import person_of
from generations.library.bulk import GONE, MOST, Outcome
from generations.models import Person, Video

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOWN = 12  # posters on the page between
IDS = re.compile(r"\d{1,18}(,\d{1,18})*", re.ASCII)
TOO_MANY = {
    "clip": _("At most {most} clips can be changed at once, and more were chosen. Narrow the list down by a filter."),
    "prompt": _(
        "At most {most} prompts can be changed at once, and more were chosen. Narrow the list down by a filter."
    ),
}
NONE_HERE = {"clip": _("There is no clip among these."), "prompt": _("There is no prompt among these.")}
CHOSEN = "chosen"  # the field of the ids; its presence says that the page between was seen


@dataclass(frozen=True, slots=True)
class Action:
    """What is done to rows, and the form that asks for its value."""

    title: StrOrPromise  # such as "Tag"; what is changed follows
    form: Callable[[HttpRequest, Sequence[int]], forms.Form | None]  # None: there is nothing to choose
    run: Callable[[Sequence[int], Any, Person], Outcome]  # of the ids, the value, and who does it
    nothing: StrOrPromise = ""  # said instead where there is nothing to choose


def ids_of(rows: QuerySet[Any], *, noun: str = "clip", most: int = MOST) -> list[int]:
    """Return the ids of rows, in their order. Raises: ValidationError when there are none, or too many."""
    ids, unchanged = list(rows.values_list("pk", flat=True)[: most + 1]), gettext("Nothing was changed.")
    if len(ids) > most:
        raise ValidationError(f"{TOO_MANY[noun].format(most=f'{most:,}')} {unchanged}")
    if not ids:
        raise ValidationError(f"{NONE_HERE[noun]} {unchanged}")
    return ids


def counted(noun: str, number: int) -> str:
    """Return how many rows these are: `1 clip`, `1,200 prompts`."""
    if noun == "clip":
        words = ngettext("{n} clip", "{n} clips", number)
    else:
        words = ngettext("{n} prompt", "{n} prompts", number)
    return words.format(n=f"{number:,}")


def run(
    request: HttpRequest, name: str, action: Action, chosen: QuerySet[Any], among: QuerySet[Any], *, noun: str = "clip"
) -> HttpResponseBase | None:
    """Show the page between, or do the action to what it named and say to how many.

    `chosen` are the rows of the list that was posted, `among` all that the person may change.
    """
    try:
        ids, gone = _kept(request, among) if CHOSEN in request.POST else (ids_of(chosen, noun=noun), 0)
        form = action.form(request, ids)
        if form is None:
            raise ValidationError(str(action.nothing))
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return None
    if CHOSEN in request.POST and form.is_valid():
        try:
            outcome = action.run(ids, next(iter(form.cleaned_data.values())), person_of(request))
        except ValidationError as error:
            form.add_error(next(iter(form.fields)), error.messages)
        else:
            say(request, outcome, gone=gone)
            return None
    return _page(request, name, action, form, among, ids, noun)


def say(request: HttpRequest, outcome: Outcome, *, gone: int = 0) -> None:
    """Say what was done, and why some rows were left out."""
    outcome.left_out += Counter({GONE: gone})
    (messages.success if outcome.changed else messages.warning)(request, str(outcome))


def _kept(request: HttpRequest, among: QuerySet[Any]) -> tuple[list[int], int]:
    """Return the ids that the page between holds, and how many of them are not there any more."""
    given = request.POST[CHOSEN]
    if not IDS.fullmatch(given) or given.count(",") >= MOST:
        raise ValidationError(gettext("Choose the rows in the list again. Nothing was changed."))
    ids = list(dict.fromkeys(map(int, given.split(","))))
    there = set(among.filter(pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in ids if pk in there], len(ids) - len(there)


def _page(
    request: HttpRequest, name: str, action: Action, form: forms.Form, among: QuerySet[Any], ids: list[int], noun: str
) -> HttpResponse:
    title = f"{action.title}: {counted(noun, len(ids))}"
    hidden = [("action", name), ("select_across", "0"), (CHOSEN, ",".join(map(str, ids)))]
    # Django runs an action only where a row of the list is selected.
    hidden += [(ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)[:1]]
    shown = among.filter(pk__in=ids[:SHOWN])
    context = {
        **admin.site.each_context(request),
        "title": title, "button": title, "form": form, "hidden": hidden,
        "posters": [display.video_poster(row) for row in shown if isinstance(row, Video)],
        "names": [str(row) for row in shown if not isinstance(row, Video)], "others": max(0, len(ids) - SHOWN),
        "back": request.get_full_path(), "opts": among.model._meta,
    }  # fmt: skip
    return render(request, "admin/bulk.html", context)
