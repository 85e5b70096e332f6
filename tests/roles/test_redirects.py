"""No address leads to another site, whatever it and its headers say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

pytestmark = pytest.mark.django_db
ELSEWHERE = [
    "https://evil.example/", "//evil.example", "///evil.example", "\\\\evil.example", "/\\evil.example",
    "https:evil.example", "https:///evil.example", "\t//evil.example", " //evil.example", "javascript:alert(1)",
    "data:text/html,x", "http://testserver@evil.example/", "https://testserver.evil.example/", "/\t/evil.example",
    "ftp://testserver/", "http://testserver:80@evil.example",
]  # fmt: skip
# All names by which a form or an address says where one comes back to.
NAMES = ("next", "back", "return", "url", "redirect", "to", "from", "query", "filters", "_changelist_filters", "search")


def leads_to(answer: Any) -> str:
    """Return the host that a browser goes to, as it reads the header; empty for none."""
    if "Location" not in answer:
        return ""
    there = answer["Location"].strip().replace("\\", "/").replace("\t", "")
    return urlsplit(urljoin("http://testserver/", there)).netloc or "nowhere"


def answers(visitor: Visitor, elsewhere: str) -> Iterator[tuple[str, Any]]:
    wrong = dict.fromkeys(NAMES, elsewhere)
    for route, cases in PAGES.items():
        for case in cases:
            url = visitor.url(route, case)
            asked = "&" if "?" in url else "?"
            visitor.client.defaults["HTTP_REFERER"] = elsewhere.strip()
            yield url, visitor.send("get", url, None if "?" in url else dict(wrong))[0]
            yield url, visitor.send("post", f"{url}{asked}next={elsewhere}", {**wrong, **visitor.data(case)})[0]


@pytest.mark.parametrize("role", ["superuser", "anonymous"])
def test_no_address_leads_to_another_site(role: str) -> None:
    hosts = {url: leads_to(answer) for url, answer in answers(Visitor(role), "//evil.example/")}
    assert {url: host for url, host in hosts.items() if host not in ("", "testserver")} == {}


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_the_language_and_what_is_done_to_clips_lead_back_to_us_alone(
    elsewhere: str, admin_client: Client
) -> None:
    signing_in = Client()
    sent = {"username": "mira", "password": "a long enough password", "next": elsewhere}
    asked = [
        signing_in.post("/login/", sent), Client().post("/admin/login/", sent),
        Client().post(f"/login/?next={elsewhere}", {**sent, "next": ""}),
        admin_client.post("/language/", {"language": "es", "next": elsewhere}, headers={"referer": elsewhere.strip()}),
        admin_client.get("/language/", {"next": elsewhere}), admin_client.get("/login/", {"next": elsewhere}),
        admin_client.post("/selection/", {"action": "rate", "stars": "3", "v": "1", "next": elsewhere}),
        admin_client.post("/download/", {"v": "1", "next": elsewhere}),
    ]  # fmt: skip
    for answer in asked:
        assert leads_to(answer) in ("", "testserver"), answer["Location"]
