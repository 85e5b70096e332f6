"""An authenticator app of a test."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.models import User
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from generations import clock
from generations.catalog import second_step


def app_code(device: Any, *, ahead: int = 0) -> str:
    """What the app of a device shows now, or so many times half a minute later."""
    app = TOTP(device.bin_key)
    app.time = time.time() + 30 * ahead
    return f"{app.token():06d}"


def a_device(person: User) -> Any:
    """Turn a person's second step on."""
    device = second_step.new_device(person)
    device.recovery_codes = second_step.turn_on(device, app_code(device), at=clock.now())
    assert device.recovery_codes
    a_minute_later(device)
    return device


def a_minute_later(device: Any) -> None:
    """Have the codes that an app shows now be new ones."""
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1)
