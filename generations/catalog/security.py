"""What people do for the safety of their own account: password, second step, and the browsers where they are signed in.

Each change takes the password again, which counts as a try to sign in, and ends the person's other sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import django_otp
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from generations import clock
from generations.catalog import second_step
from generations.catalog.sign_in import take_back
from generations.catalog.sign_in_forms import CodeField
from generations.models import Action, AuditEntry, Person, Session
from generations.models.sessions import SIGNED_IN

# As browsers name themselves; many name others too, so the order matters.
BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS",
           "CrOS": "ChromeOS", "Linux": "Linux"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a person is signed in."""

    name: str
    address: str
    since: datetime
    is_this: bool


class PasswordForm(forms.Form):
    """The password of who is signed in, once more."""

    password = forms.CharField(
        label=gettext_lazy("Your password"), strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.person = request, person_of(request)

    def clean_password(self) -> str:
        return checked(self.request, str(self.cleaned_data["password"]))


class CodeForm(PasswordForm):
    """The password and a code, which is used up only when the password was right."""

    code = CodeField()

    def clean(self) -> dict[str, Any]:
        """Check the code. Raises: ValidationError."""
        code, name = self.cleaned_data.get("code"), self.person.get_username()
        if code and "password" in self.cleaned_data:
            proof = second_step.proof_of(self.person)
            if authenticate(self.request, username=name, proof=proof, otp_token=code) is None:
                raise ValidationError({"code": _("This code is wrong, or was used before. Wait for the next one.")})
            take_back(self.request, self.person)
        return self.cleaned_data


class SetUpForm(PasswordForm):
    """The password and the first code of an app that was given the signed key."""

    key = forms.CharField(widget=forms.HiddenInput)
    code = CodeField()
    field_order = ["key", "code", "password"]


class OwnPasswordForm(PasswordChangeForm):
    """Django's form; a wrong old password counts as a try to sign in."""

    request: HttpRequest

    def clean_old_password(self) -> str:
        return checked(self.request, str(self.cleaned_data["old_password"]))


def checked(request: HttpRequest, password: str) -> str:
    """Return the password of who is signed in. Raises: ValidationError for a wrong one."""
    person = person_of(request)
    if authenticate(request, username=person.get_username(), password=password) is None:
        raise ValidationError(_("The password is wrong."), code="password_incorrect")
    take_back(request, person)
    return password


def person_of(request: HttpRequest) -> Person:
    """Return who is signed in: `login_required` lets nobody else in."""
    return cast(Person, request.user)


@require_safe
@login_required
@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """Show how a person signs in, and where they are signed in."""
    return _page(request, PasswordForm(request))


@require_http_methods(["POST"])
@login_required
@never_cache
@sensitive_post_parameters()
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End a person's other sessions."""
    form = PasswordForm(request, request.POST)
    if not form.is_valid():
        return _page(request, form)
    with transaction.atomic():
        _end_others(request)
        person, words = form.person, "signed out of all other browsers"
        AuditEntry.objects.record(Action.SECURED, person, words, at=clock.now(), by=person)
    messages.success(request, _("You are signed out of all other browsers."))
    return redirect("security")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
@sensitive_post_parameters()
def turn_on(request: HttpRequest) -> HttpResponse:
    """Show the key for an app, and with its first code turn the second step on and show the recovery codes, once."""
    person = person_of(request)
    if second_step.is_on(person):
        return redirect("security")
    form = SetUpForm(request, request.POST if request.method == "POST" else None)
    device = second_step.device_of(person, request.POST.get("key", ""))
    if device is None:
        device = second_step.new_device(person)
        form = SetUpForm(request, initial={"key": second_step.signed_key(device)})
    elif form.is_valid():
        if codes := second_step.turn_on(device, form.cleaned_data["code"], at=clock.now()):
            django_otp.login(request, device)
            _end_others(request)
            return render(request, "security/recovery_codes.html", {"codes": codes})
        form.add_error(
            "code", _("This code does not fit the key. Check the time of your device, and enter a new code.")
        )
    side, path = second_step.qr_path(device)
    context = {
        "form": form, "key": second_step.key_words(device), "uri": device.config_url, "side": side, "path": path,
        "is_required": settings.REQUIRE_TWO_STEP and person.is_staff,
    }  # fmt: skip
    return render(request, "security/turn_on.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
@sensitive_post_parameters()
def turn_off(request: HttpRequest) -> HttpResponse:
    """Ask for password and code, and turn the second step off."""
    person = person_of(request)
    if not second_step.is_on(person):
        return redirect("security")
    form = CodeForm(request, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "security/turn_off.html", {"form": form})
    second_step.turn_off(person, "turned two-step sign-in off", at=clock.now(), by=person)
    request.session.pop(django_otp.DEVICE_ID_SESSION_KEY, None)
    _end_others(request)
    messages.success(request, _("Two-step sign-in is off. You are signed out of all other browsers."))
    return redirect("security")


@method_decorator([login_required, never_cache], name="dispatch")
class ChangePassword(PasswordChangeView):
    """Django's page, for everybody who signs in; the change ends the person's other sessions and is audited."""

    form_class = OwnPasswordForm
    template_name = "security/password.html"
    success_url = reverse_lazy("security")

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.request = self.request  # type: ignore[attr-defined]
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        person = person_of(self.request)
        with transaction.atomic():
            response = super().form_valid(form)
            _end_others(self.request)
            AuditEntry.objects.record(Action.GRANTED, person, "a new password of their own", at=clock.now(), by=person)
        messages.success(self.request, _("Your password is changed. You are signed out of all other browsers."))
        return response


def _end_others(request: HttpRequest) -> None:
    """Give this session another key, since its person showed again who they are, and end their other ones."""
    request.session.cycle_key()
    Session.objects.end(person_of(request), but=request.session.session_key)


def _page(request: HttpRequest, form: PasswordForm) -> HttpResponse:
    person = person_of(request)
    is_on = second_step.is_on(person)
    context = {
        "form": form, "is_on": is_on, "codes_left": second_step.codes_left(person) if is_on else 0,
        "browsers": _browsers(request),
    }  # fmt: skip
    return render(request, "security/security.html", context)


def _browsers(request: HttpRequest) -> list[Browser]:
    """Return where a person is signed in, this browser first and then the last sign-in."""
    found = []
    for session in Session.objects.open_of(person_of(request), at=clock.now()):
        seconds, address, agent = session.get_decoded().get(SIGNED_IN, [0, "", ""])
        is_this = session.session_key == request.session.session_key
        found.append(Browser(_browser_name(agent), address, datetime.fromtimestamp(seconds, UTC), is_this))
    return sorted(found, key=lambda each: (not each.is_this, -each.since.timestamp()))


def _browser_name(agent: str) -> str:
    """Return what a person calls a browser, such as Firefox, Windows."""
    names = [_first(BROWSERS, agent), _first(SYSTEMS, agent)]
    return ", ".join(filter(None, names)) or _("Another browser")


def _first(table: dict[str, str], agent: str) -> str:
    return next((name for word, name in table.items() if word in agent), "")
