"""How the log names who sent a request."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import RequestFactory

from generations.clients import address_of, sender_of


def a_request(person: Any = None) -> Any:
    request = RequestFactory().post("/queue/", REMOTE_ADDR="203.0.113.7")
    if person is not None:
        request._cached_user = person  # type: ignore[attr-defined]
    return request


def test_a_person_is_named_with_their_number_and_a_stranger_by_the_address() -> None:
    assert sender_of(a_request(User(pk=3, username="ada")), proxies=0) == "POST by ada (number 3)"
    for nobody in (None, AnonymousUser()):
        assert sender_of(a_request(nobody), proxies=0) == "POST from 203.0.113.7"


@pytest.mark.parametrize(("proxies", "address"), [(0, "192.0.2.1"), (1, "203.0.113.7"), (2, "198.51.100.2")])
def test_what_a_client_writes_itself_is_not_believed(proxies: int, address: str) -> None:
    meta = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "10.0.0.1, 198.51.100.2, 203.0.113.7"}
    assert address_of(meta, proxies=proxies) == address
