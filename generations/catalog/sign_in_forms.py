"""The forms of both pages where people sign in: the password first and, for those who set it up, a code.

The second form knows by a signed proof that the password was right; until the code is given there is no session.
"""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generations.catalog import second_step
from generations.catalog.sign_in import client_address, take_back
from generations.models import Person

logger = logging.getLogger(__name__)


class CodeInput(forms.TextInput):
    """An input that comes back empty: a code that was refused is of no use again."""

    def format_value(self, value: Any) -> None:
        return None


class CodeField(forms.CharField):
    """A code of an authenticator app, or a recovery code."""

    def __init__(self) -> None:
        attrs = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(label=_("Code"), max_length=64, widget=CodeInput(attrs))


class SignInForm(AuthenticationForm):
    """Django's form; once the password was right it asks those for a code who set that up."""

    asks_for_code = False
    is_first_ask = False  # nothing was wrong yet

    request: HttpRequest

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.first_fields = self.fields
        if self.data.get("proof"):
            self._ask_for_code()

    def _ask_for_code(self) -> None:
        self.asks_for_code = True
        self.fields = {"proof": forms.CharField(widget=forms.HiddenInput), "otp_token": CodeField()}
        self.fields["otp_token"].widget.attrs["autofocus"] = True

    def confirm_login_allowed(self, user: Any) -> None:
        """Check who gave the right password. Raises: ValidationError where a code is missing yet."""
        super().confirm_login_allowed(user)
        if second_step.is_on(user):
            take_back(self.request, user)
            words = "%s (number %s) gave the right password from %s and is asked for a code"
            logger.info(words, user, user.pk, client_address(self.request))
            self._ask_for_code()
            self.is_first_ask = True
            self.data = {"proof": second_step.proof_of(user)}
            raise ValidationError("", code="code")

    def clean(self) -> dict[str, Any]:
        """Check the password, or the code after it. Raises: ValidationError."""
        if not self.asks_for_code:
            return super().clean() or {}
        if not (proof := self.cleaned_data.get("proof")) or not (code := self.cleaned_data.get("otp_token")):
            return self.cleaned_data
        person = second_step.proved(proof)
        if person is None:
            self.asks_for_code = False
            self.fields = self.first_fields
            raise ValidationError(_("The code came too late. Enter your password again."), code="late")
        super().confirm_login_allowed(person)
        found = authenticate(self.request, username=person.get_username(), proof=proof, otp_token=code)
        self.user_cache = found if isinstance(found, Person) else None
        if self.user_cache is None:
            raise ValidationError(_("This code is wrong, or was used before. Wait for the next one."), code="wrong")
        return self.cleaned_data


class StaffSignInForm(SignInForm, AdminAuthenticationForm):
    """The same for the admin, which lets staff in."""
