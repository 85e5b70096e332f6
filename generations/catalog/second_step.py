"""The second step of a sign-in, after the password: a code of an authenticator app (TOTP), or a recovery code.

django-otp keeps the app's key and sees to it that a code works once. Its own delays after wrong codes are off
(settings): whoever knows a password could keep its owner out by them. Wrong codes are counted as wrong passwords are.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import django_otp
import segno
from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from generations.models import Action, AuditEntry, Person, Session

SALT = "generations.second_step"
TIME_FOR_THE_CODE = timedelta(minutes=5)  # after the password
TIME_TO_SET_UP = timedelta(minutes=30)
RECOVERY_CODES = 10
RECOVERY_BYTES = 15  # 120 bits: who reads the database cannot guess a code from its digest
OPEN = {"two_step", "logout", "admin:logout", "set_language", "words", "favicon", "healthz", "webhook"}
APP_CODE = re.compile(r"\d{6}", re.ASCII)


class SecondStep(BaseBackend):
    """Sign a person in whose password was right a moment ago and who gives a code; `proof` says the former."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", proof: str = "", otp_token: str = "", **kwargs: Any
    ) -> Person | None:
        person = proved(proof)
        if person is None or person.get_username() != username:
            return None
        person.otp_device = matching_device(person, otp_token)  # type: ignore[attr-defined]
        return person if person.otp_device else None  # type: ignore[attr-defined]

    def get_user(self, user_id: int) -> Any:
        return ModelBackend().get_user(user_id)


class RequireSecondStep:
    """With REQUIRE_TWO_STEP, lead staff who gave no code to the page that sets it up, whatever else they ask for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not settings.REQUIRE_TWO_STEP or request.resolver_match is None or was_taken(request):
            return None
        if request.resolver_match.view_name in OPEN or not getattr(request.user, "is_staff", False):
            return None
        return redirect("two_step")


def is_on(person: Person) -> bool:
    """Return whether a person gives a code when signing in."""
    return bool(TOTPDevice.objects.filter(user=person, confirmed=True).exists())


def was_taken(request: HttpRequest) -> bool:
    """Return whether a code was given in this session; costs no query."""
    return DEVICE_ID_SESSION_KEY in request.session


def proof_of(person: Person) -> str:
    """Return words that show for TIME_FOR_THE_CODE that whoever has them gave a person's present password."""
    return signing.dumps([person.pk, person.get_session_auth_hash()], salt=SALT)


def proved(proof: str) -> Person | None:
    """Return whose password was given."""
    try:
        number, mark = signing.loads(proof, salt=SALT, max_age=TIME_FOR_THE_CODE)
    except signing.BadSignature:
        return None
    person = Person.objects.filter(pk=number, is_active=True).first()
    return person if person and constant_time_compare(mark, person.get_session_auth_hash()) else None


def matching_device(person: Person, code: str) -> TOTPDevice | StaticDevice | None:
    """Use a code up; return what it came from, or None where it is wrong or was used before."""
    code = re.sub(r"[\s-]", "", code)
    kind, token = (TOTPDevice, code) if APP_CODE.fullmatch(code) else (StaticDevice, _digest(code))
    device = kind.objects.filter(user=person, confirmed=True).first()
    found: TOTPDevice | StaticDevice | None = device and django_otp.verify_token(person, device.persistent_id, token)
    return found


def new_device(person: Person) -> TOTPDevice:
    """Return a device with a new key, not saved: it becomes the person's with the first code."""
    return TOTPDevice(user=person, name="authenticator app", key=random_hex(20))


def signed_key(device: TOTPDevice) -> str:
    """Return what `device_of` makes the device of again, for TIME_TO_SET_UP."""
    return signing.dumps([device.user.pk, device.key], salt=f"{SALT}.key")


def device_of(person: Person, signed_key: str) -> TOTPDevice | None:
    """Return the device of a key, not saved; None for a key that is too old, or was not given to this person."""
    try:
        number, key = signing.loads(signed_key, salt=f"{SALT}.key", max_age=TIME_TO_SET_UP)
    except signing.BadSignature:
        return None
    if number != person.pk:
        return None
    device = new_device(person)
    device.key = key
    return device


def key_words(device: TOTPDevice) -> str:
    """Return the key as one types it into an app, in groups of four."""
    return _grouped(b32encode(device.bin_key).decode())


def qr_path(device: TOTPDevice) -> tuple[int, str]:
    """Return the QR code that apps read: its side, and its dark modules as a path of SVG."""
    code = segno.make(device.config_url, micro=False)
    rows = list(code.matrix_iter())
    dark = ((x, y) for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return len(rows), "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)


def turn_on(device: TOTPDevice, code: str, *, at: datetime) -> list[str]:
    """Have a person give codes of an app from now on; return their recovery codes, or none where this code is wrong."""
    person = device.user
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        if is_on(person) or not APP_CODE.fullmatch(code):
            return []
        device.save()
        if not device.verify_token(code):
            transaction.set_rollback(True)
            return []
        codes = [b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
        StaticDevice.objects.filter(user=person).delete()
        kept = StaticDevice.objects.create(user=person, name="recovery codes")
        StaticToken.objects.bulk_create(StaticToken(device=kept, token=_digest(each)) for each in codes)
        AuditEntry.objects.record(Action.SECURED, person, "turned two-step sign-in on", at=at, by=person)
    return [_grouped(each) for each in codes]


def turn_off(person: Person, words: str, *, at: datetime, by: Person | None) -> bool:
    """Have a person sign in with the password alone; return False where they do so already."""
    with transaction.atomic():
        was_on = bool(TOTPDevice.objects.filter(user=person).delete()[0])
        StaticDevice.objects.filter(user=person).delete()
        if was_on:
            AuditEntry.objects.record(Action.SECURED, person, words, at=at, by=by)
    return was_on


def remove(person: Person, *, at: datetime, by: Person | None) -> bool:
    """Take the second step from somebody who lost it, and sign them out of all browsers; False where there is none."""
    with transaction.atomic():
        was_on = turn_off(person, "removed their two-step sign-in and signed them out", at=at, by=by)
        if was_on:
            Session.objects.end(person)
    return was_on


def codes_left(person: Person) -> int:
    """Return how many recovery codes were not used."""
    return int(StaticToken.objects.filter(device__user=person).count())


def _digest(code: str) -> str:
    """Return what is kept of a recovery code: 96 bits, which is what the column holds."""
    return urlsafe_b64encode(sha256(code.lower().encode()).digest()[:12]).decode()


def _grouped(text: str) -> str:
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))
