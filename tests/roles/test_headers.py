"""Every answer of every address carries the headers that keep browsers to what the site means, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client

from kling_site.headers import METHODS
from tests.behind_tls import by_tls, put_behind_tls
from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

pytestmark = pytest.mark.django_db
YEAR = 31_536_000
CHARSET = ("text/", "application/atom+xml")  # of which browsers ask in which letters they are written
FRAMED = ("/embed/",)


@pytest.fixture(autouse=True)
def behind_tls(settings: Any) -> None:
    put_behind_tls(settings)


def a_visitor(role: str) -> Visitor:
    visitor = Visitor(role)
    by_tls(visitor.client).raise_request_exception = False
    return visitor


def addresses(visitor: Visitor) -> Iterator[tuple[str, Any, str]]:
    for route, cases in PAGES.items():
        yield from ((route, case, visitor.url(route, case)) for case in cases)


def policy(answer: Any) -> dict[str, str]:
    rules = (rule.strip().partition(" ") for rule in answer.get("Content-Security-Policy", "").split(";"))
    return {name: sources for name, _, sources in rules}


def missing(answer: Any, *, is_framed: bool = False) -> list[str]:
    """Say what an answer should carry, and does not."""
    said = policy(answer)
    is_file = "sandbox" in said
    shown_within = "*" if is_framed else "'none'"
    content_type = answer.get("Content-Type", "")
    has_body = answer.status_code != 304 and (answer.streaming or answer.content)
    right = {
        "frame-ancestors": said.get("frame-ancestors") == shown_within,
        "default-src": said.get("default-src") in ("'self'", "'none'"),
        "object-src": is_file or said.get("object-src") == "'none'",
        "base-uri": is_file or said.get("base-uri") == "'none'",
        "no inline scripts": "'unsafe-inline'" not in said.get("script-src", "") and "unsafe-eval" not in str(said),
        "nosniff": answer.get("X-Content-Type-Options") == "nosniff",
        "referrer": answer.get("Referrer-Policy") in ("same-origin", "no-referrer"),
        "opener": answer.get("Cross-Origin-Opener-Policy") == "same-origin",
        "resource": answer.get("Cross-Origin-Resource-Policy") == ("cross-origin" if is_framed else "same-origin"),
        "HSTS": answer.get("Strict-Transport-Security") == f"max-age={YEAR}",
        "type": bool(content_type) or not has_body,
        "charset": not content_type.startswith(CHARSET) or "charset=" in content_type,
        "CORS": not any(name.lower().startswith("access-control-") for name in answer.headers),
    }
    return [name for name, holds in right.items() if not holds]


@pytest.mark.parametrize("role", ["superuser", "anonymous"])
def test_every_address_answers_with_every_header_and_takes_no_other_method(role: str) -> None:
    visitor, wrong = a_visitor(role), []
    for route, case, url in addresses(visitor):
        for method in ("get", "post"):
            answer, _written = visitor.send(method, url, visitor.data(case) if method == "post" else None)
            framed = url.startswith(FRAMED) and answer.status_code != 405
            wrong += [f"{method} {url} [{route}] {answer.status_code}: {name}"
                      for name in missing(answer, is_framed=framed)]  # fmt: skip
        for method in ("TRACE", "OPTIONS", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "X"):
            answer = visitor.client.generic(method, url)
            if answer.status_code != 405 or answer["Allow"] != ", ".join(METHODS) or missing(answer):
                wrong.append(f"{method} {url} [{route}] answers {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_pages_of_people_who_are_signed_in_are_kept_by_no_one_else() -> None:
    visitor = a_visitor("superuser")
    for route, _case, url in addresses(visitor):
        answer, _written = visitor.send("get", url)
        said = answer.get("Cache-Control", "")
        assert "private" in said or route == "words.js", (route, said)
        assert "no-store" in said or not route.startswith("admin/"), (route, said)


def test_every_static_file_has_them_too(client: Client) -> None:
    by_tls(client)
    for finder in finders.get_finders():
        for path, _storage in finder.list([]):
            answer = client.get(f"/static/{path}")
            assert (answer.status_code, missing(answer), policy(answer)["default-src"]) == (200, [], "'self'"), path
    for path in ("", "generations/", "nothing.js", ".gitignore", "../settings.py", "%2e%2e/settings.py"):
        answer = client.get(f"/static/{path}")
        assert (answer.status_code, missing(answer)) == (404, [])


def failing(*args: Any, **more: Any) -> HttpResponse:
    raise ZeroDivisionError


def test_errors_and_redirects_have_them_too(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = by_tls(Client(raise_request_exception=False))
    not_modified = {"If-Modified-Since": client.get("/static/generations/catalog.js")["Last-Modified"]}
    asked = {
        304: client.get("/static/generations/catalog.js", headers=not_modified),
        302: client.get("/admin/"),
        301: client.get("/login"),
        400: client.get("/login/", headers={"host": "evil.example"}),
        403: by_tls(Client(enforce_csrf_checks=True)).post("/login/"),
        404: client.get("/nowhere/"),
        405: client.get("/logout/"),
        413: client.post("/login/", "x" * 1_100_000, content_type="text/plain"),
        503: client.get("/healthz"),
    }
    monkeypatch.setattr("generations.catalog.health.connection.cursor", failing)
    asked[500] = client.get("/healthz")
    for status, answer in asked.items():
        assert (answer.status_code, missing(answer)) == (status, [])


def test_a_wrong_host_without_tls_gets_no_page_and_all_headers_but_hsts() -> None:
    client = Client(raise_request_exception=False)
    for answer in (client.get("/", headers={"host": "evil.example"}), client.get("/")):
        assert answer.status_code in (400, 301)
        assert missing(answer) == ["HSTS"]  # which says nothing without TLS


@pytest.mark.parametrize("path", ["/webhooks/apixo/token/", "/reference/1:a.png", "/feeds/token.atom"])
def test_programs_that_come_without_tls_are_refused_and_people_are_led_there(path: str, client: Client) -> None:
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 403
        assert "Location" not in answer
    assert client.get("/login/")["Location"] == "https://testserver/login/"
    assert client.get("/healthz").status_code == 503  # of monitoring on the same machine; nobody works here
