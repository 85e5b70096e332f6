"""Keys, codes and recovery codes, and the setting that has all staff set a second step up."""

from __future__ import annotations

import re
from base64 import b32decode
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from generations.catalog import second_step
from generations.models import AuditEntry
from tests.catalog.codes import a_device, app_code

PASSWORD = "a long enough password"


def test_ten_recovery_codes_are_given_and_only_their_digests_are_kept(staff: User) -> None:
    codes = a_device(staff).recovery_codes
    assert len(set(codes)) == second_step.RECOVERY_CODES == second_step.codes_left(staff)
    assert all(re.fullmatch(r"([a-z2-7]{4}-){5}[a-z2-7]{4}", code) for code in codes)  # 120 bits
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert not kept & {code.replace("-", "")[:16] for code in codes}
    assert all(len(token) == 16 for token in kept)
    assert second_step.matching_device(staff, next(iter(kept))) is None
    assert second_step.matching_device(staff, codes[0]) is not None
    assert second_step.codes_left(staff) == second_step.RECOVERY_CODES - 1


def test_each_key_is_new_and_has_160_bits(staff: User) -> None:
    devices = [second_step.new_device(staff) for _ in range(3)]
    assert len({device.key for device in devices}) == 3
    assert len(b32decode(second_step.key_words(devices[0]).replace("-", ""))) == 20
    assert devices[0].config_url.startswith("otpauth://totp/Kling%20Studio%3Amira?secret=")


def test_a_key_is_signed_for_one_person(staff: User, person: User) -> None:
    device = second_step.new_device(staff)
    signed = second_step.signed_key(device)
    again = second_step.device_of(staff, signed)
    assert again and again.key == device.key
    assert second_step.device_of(person, signed) is None
    assert second_step.device_of(staff, signed[:-1] + "x") is None
    assert second_step.device_of(staff, "") is None
    assert not TOTPDevice.objects.exists()


def test_a_wrong_code_leaves_no_device_and_a_second_app_is_not_added(staff: User) -> None:
    device = second_step.new_device(staff)
    assert second_step.turn_on(device, "000000", at=timezone.now()) == []
    assert not TOTPDevice.objects.exists()
    assert not AuditEntry.objects.exists()
    a_device(staff)
    other = second_step.new_device(staff)
    assert second_step.turn_on(other, app_code(other), at=timezone.now()) == []
    assert TOTPDevice.objects.count() == 1


def test_turning_it_off_ends_the_recovery_codes(staff: User) -> None:
    codes = a_device(staff).recovery_codes
    assert second_step.turn_off(staff, "turned two-step sign-in off", at=timezone.now(), by=staff)
    assert second_step.matching_device(staff, codes[0]) is None
    assert not second_step.turn_off(staff, "turned two-step sign-in off", at=timezone.now(), by=staff)
    words = list(AuditEntry.objects.order_by("pk").values_list("action", "words"))
    assert words == [("secured", "turned two-step sign-in on"), ("secured", "turned two-step sign-in off")]


def test_a_qr_code_is_a_path_of_squares(staff: User) -> None:
    side, path = second_step.qr_path(second_step.new_device(staff))
    assert 40 < side < 90
    assert re.fullmatch(r"(M\d+ \d+h1v1h-1z)+", path)
    assert path.startswith("M4 4h1v1h-1zM5 4h1v1h-1z")  # after a quiet border of four modules


@pytest.fixture
def required(settings: Settings) -> None:
    settings.REQUIRE_TWO_STEP = True


ADDRESSES = ["/", "/admin/", "/admin/generations/video/", "/security/", "/security/password/", "/media/x.mp4"]


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("address", ADDRESSES)
def test_staff_without_one_are_led_to_set_it_up_before_anything_else(admin_client: Client, address: str) -> None:
    for response in (admin_client.get(address), admin_client.post(address)):
        assert (response.status_code, response["Location"]) == (302, "/security/two-step/")


@pytest.mark.usefixtures("required")
def test_they_may_set_it_up_choose_the_language_and_leave(admin_client: Client) -> None:
    assert "All staff of this site sign in with a code" in admin_client.get("/security/two-step/").content.decode()
    assert admin_client.get("/words.js").status_code == 200
    assert admin_client.post("/language/", {"language": "es", "next": "/security/two-step/"}).status_code == 302
    assert admin_client.post("/logout/")["Location"] == "/login/"
    assert admin_client.get("/login/").status_code == 200


@pytest.mark.usefixtures("required")
def test_staff_who_gave_a_code_and_people_who_are_no_staff_go_on(staff: User, person: User) -> None:
    device, client, visitor = a_device(staff), Client(), Client()
    page = client.post("/login/", {"username": "mira", "password": PASSWORD}).content.decode()
    proof = re.findall(r'name="proof" value="([^"]+)"', page)[0]
    client.post("/login/", {"proof": proof, "otp_token": app_code(device)})
    assert client.get("/admin/").status_code == 200
    visitor.force_login(person)
    assert visitor.get("/").status_code == 200
    assert Client().get("/")["Location"] == "/login/?next=/"


@pytest.mark.usefixtures("required")
def test_setting_it_up_opens_the_pages(admin_client: Client, staff: User) -> None:
    page: Any = admin_client.get("/security/two-step/")
    device = second_step.device_of(staff, page.context["form"]["key"].value())
    sent = {"key": page.context["form"]["key"].value(), "code": app_code(device), "password": PASSWORD}
    assert "recovery codes" in admin_client.post("/security/two-step/", sent).content.decode()
    assert admin_client.get("/admin/").status_code == 200
