"""The secret of an endpoint, and what of its address is said."""

from __future__ import annotations

import base64

import pytest
from pytest_django import Settings

from generations.models import Endpoint

pytestmark = pytest.mark.django_db


def test_a_secret_is_of_its_endpoint_and_of_this_site(settings: Settings) -> None:
    first, second = (Endpoint.objects.create(address=f"https://{name}.example.com/") for name in "ab")
    secret = first.secret()
    assert secret == Endpoint.objects.get(pk=first.pk).secret() != second.secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    settings.SECRET_KEY = "another-one"
    assert first.secret() != secret


def test_a_new_secret_takes_the_place_of_the_old_one() -> None:
    endpoint = Endpoint.objects.create(address="https://a.example.com/")
    secret = endpoint.secret()
    endpoint.rotate()
    assert Endpoint.objects.get().secret() == endpoint.secret() != secret


def test_its_name_is_the_host_alone() -> None:
    assert str(Endpoint(address="https://hooks.example.com:8443?key=secret")) == "hooks.example.com:8443"
