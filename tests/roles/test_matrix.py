"""Every page and every action, for everyone: what a role may not do is refused by its address too, and writes nothing.

A new route, model or action fails here until it has its line in tests/roles/table.py.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.urls import get_resolver

from tests.roles.table import EVERYBODY, MODELS, PAGES, Case
from tests.roles.visitors import Visitor

pytestmark = pytest.mark.django_db
REFUSED = (401, 403, 404, 405)


def routes(resolver: Any, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = f"{before}{pattern.pattern}"
        yield from routes(pattern, route) if hasattr(pattern, "url_patterns") else [route]


def models() -> dict[str, Any]:
    return {model._meta.label_lower: own for model, own in admin.site._registry.items()}


def was_refused(response: Any) -> bool:
    to_login = response.status_code == 302 and "/login/" in response["Location"]
    return response.status_code in REFUSED or to_login


def faults(visitor: Visitor, route: str, case: Case) -> Iterator[str]:
    """Say where a page answers someone otherwise than the table says."""
    url = visitor.url(route, case)
    for method, people in (("get", case.get), ("post", case.post)):
        response, written = visitor.send(method, url, visitor.data(case) if method == "post" else None)
        said = f"{visitor.role}: {method} {url} [{route}] answers {response.status_code}"
        may = visitor.role in people
        if may and case.is_absent:
            may = response.status_code == 404
            yield from [] if may else [f"{said}, not 404"]
        elif may == was_refused(response) and response.status_code != 405 and not case.signs_out:
            yield f"{said}, and should {'answer' if may else 'refuse'}"
        if written and (not may or (method == "get" and not case.counts)):
            yield f"{said} and writes: {sorted(set(written))}"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError("a page called a provider")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_every_route_is_in_the_table() -> None:
    known, found = set(PAGES), set(routes(get_resolver()))
    assert (sorted(found - known), sorted(known - found)) == ([], [])


def test_every_model_and_every_action_is_in_the_table() -> None:
    found = {label: {getattr(action, "__name__", action) for action in own.actions} for label, own in models().items()}
    missing = {label: names - set(MODELS[label].actions) for label, names in found.items() if label in MODELS}
    assert {label: names for label, names in missing.items() if names} == {}
    assert set(found) == set(MODELS)


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_a_role_opens_and_does_what_the_table_says_and_nothing_else(role: str, no_network: None) -> None:
    visitor = Visitor(role)
    found = [fault for route, cases in PAGES.items() for case in cases for fault in faults(visitor, route, case)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_a_role_has_the_actions_that_the_table_says_and_no_others(role: str, no_network: None) -> None:
    """An action that may be done writes, or shows another page than the list: a receipt, or what would be deleted."""
    visitor, found = Visitor(role), []
    for label, model in MODELS.items():
        for name, (people, row) in model.actions.items():
            url = f"/admin/{label.replace('.', '/')}/" + ("?archived=all" if row.startswith("archived") else "")
            sent = {"action": name, "_selected_action": visitor.rows[row]}
            response, written = visitor.send("post", url, sent)
            is_list = was_refused(response) or response.get("Location") == url or "cl" in (response.context or {})
            if (bool(written) or not is_list) != (role in people):
                found.append(f"{role}: {name} of {label} answers {response.status_code} and writes {written}")
    assert not found, "\n".join(found)
