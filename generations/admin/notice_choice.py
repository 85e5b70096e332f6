"""My notices: what a member of staff is told in the admin, what by e-mail, how often and in which language."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from generations.admin.base import person_of
from generations.models import HowOften, NoticeChoice, NoticeKind, Person
from generations.models.notices import kinds_open_to
from generations.notices import digests


class ChoiceForm(forms.Form):
    """Ticks for the kinds that the person may be told of, and the digest."""

    shown = forms.MultipleChoiceField(required=False, choices=NoticeKind.choices)
    mailed = forms.MultipleChoiceField(required=False, choices=NoticeKind.choices)
    how_often = forms.ChoiceField(label=gettext_lazy("How often by e-mail"), choices=HowOften.choices)
    language = forms.ChoiceField(label=gettext_lazy("Language of the e-mails"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_how_often(self) -> str:
        """Return the choice. Raises: ValidationError for digests to nowhere."""
        how_often = str(self.cleaned_data["how_often"])
        if how_often != HowOften.NEVER and not self.person.email:
            raise forms.ValidationError(_("Your account has no e-mail address. Ask someone who may change users."))
        return how_often


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show and save the person's own choice; nobody sees or changes another's."""
    person = person_of(request)
    choice = NoticeChoice.objects.filter(person=person).first()
    open_to = kinds_open_to(person)
    form = ChoiceForm(request.POST if request.method == "POST" else _initial(choice), person=person)
    if request.method == "POST" and form.is_valid():
        _save(person, choice, form.cleaned_data, open_to)
        messages.success(request, _("Saved. It holds for what happens from now on."))
        return redirect("admin:notice_choice")
    context = {
        "title": _("My notices"),
        "form": form,
        "kinds": [(kind, kind in form["shown"].value(), kind in form["mailed"].value()) for kind in open_to],
        "can_mail": digests.can_mail(),
        "person": person,
    }
    return render(request, "admin/notices/mine.html", {**admin.site.each_context(request), **context})


def _initial(choice: NoticeChoice | None) -> dict[str, Any]:
    choice = choice or NoticeChoice(language=get_language() or settings.LANGUAGE_CODE)
    return {
        "shown": [kind for kind in NoticeKind.values if kind not in choice.hidden],
        "mailed": list(choice.mailed),
        "how_often": choice.how_often,
        "language": choice.language,
    }


def _save(person: Person, before: NoticeChoice | None, data: dict[str, Any], open_to: list[NoticeKind]) -> None:
    """Save the ticks; of kinds that the page did not offer, what was chosen before stays."""
    before = before or NoticeChoice()
    closed = set(NoticeKind) - set(open_to)
    values = {
        "hidden": sorted({*before.hidden} & closed | {kind for kind in open_to if kind not in data["shown"]}),
        "mailed": sorted({*before.mailed} & closed | {kind for kind in open_to if kind in data["mailed"]}),
        "how_often": data["how_often"],
        "language": data["language"],
    }
    NoticeChoice.objects.update_or_create(person=person, defaults=values)
