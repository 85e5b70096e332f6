"""What is wrong with the answer that somebody got: against the table, against what they see, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, get_resolver, resolve

from tests.roles.cases import SEEN, Case, hidden
from tests.roles.models import MODELS
from tests.roles.rows import secrets_of
from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

REFUSED = (401, 403, 404, 405)
ADMIN = "/admin/"  # where Django leads from the page of a row that is not there
LINK = re.compile(r'<a\b[^>]*?\shref="([^"]*)"')
FORM = re.compile(r'<form\b(?=[^>]*\smethod="?post)(?:[^>]*?\saction="([^"]*)")?', re.IGNORECASE)
BUTTON = re.compile(r'<button\b[^>]*\sformaction="([^"]*)"')
OF_ROUTE = {route.replace("/^", "/"): cases for route, cases in PAGES.items()}  # as Django joins them


def routes(resolver: Any, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = f"{before}{pattern.pattern}"
        yield from routes(pattern, route) if hasattr(pattern, "url_patterns") else [route]


def all_routes() -> set[str]:
    return set(routes(get_resolver()))


def was_refused(response: Any) -> bool:
    to_login = response.status_code == 302 and "/login/" in response["Location"]
    return response.status_code in REFUSED or to_login


def faults(visitor: Visitor, route: str, case: Case) -> Iterator[str]:
    """Say where a page answers someone otherwise than the table says."""
    for method, need in (("get", case.get), ("post", case.post)):
        yield from faults_of(visitor, route, case, method, may=need.is_met_by(visitor.who))


def faults_of(visitor: Visitor, route: str, case: Case, method: str, *, may: bool) -> Iterator[str]:
    url = visitor.url(route, case)
    response, written = visitor.send(method, url, visitor.data(case) if method == "post" else None)
    content = visitor.content
    said = f"{visitor}: {method} {url} [{route}] answers {response.status_code}"
    unseen = not case.by_token and hidden(case.named, visitor.who)
    nothing = unseen or (method == "post" and not case.by_token and hidden(case.sent, visitor.who))
    if response.status_code >= 500 and not case.may_be_ill:
        yield f"{said}"
    elif may and unseen and response.status_code != 405:
        if response.status_code != 404 and response.get("Location") != ADMIN:
            yield f"{said}, and should be as if {unseen} were not there"
    elif may and case.is_absent:
        yield from [] if response.status_code == 404 else [f"{said}, not 404"]
    elif may and nothing:
        pass  # it names rows that are left out
    elif not may and unseen and response.get("Location") == ADMIN:
        pass
    elif may == was_refused(response) and response.status_code != 405 and not case.signs_out:
        yield f"{said}, and should {'answer' if may else 'refuse'}"
    if written and (nothing or not may or (method == "get" and not case.counts)):
        yield f"{said} and writes: {sorted(set(written))}"
    if not (case.by_token or case.tells_all):
        if response.status_code == 404:  # it repeats its own address
            content = content.replace(url.partition("?")[0].encode(), b"")
        yield from (f"{said} and tells {secret!r}" for secret in told(visitor, content))
    is_page = response.status_code == 200 and "html" in response["Content-Type"]
    if visitor.person and route != "admin/login/" and method == "get" and is_page:
        yield from (f"{said} and leads to a refusal: {target}" for target in dead_ends(visitor, url, content.decode()))


def told(visitor: Visitor, content: bytes) -> Iterator[str]:
    """Yield what a page says of rows that the person does not see."""
    for name, secrets in secrets_of(visitor.rows).items():
        if not SEEN[name].is_met_by(visitor.who):
            yield from (secret for secret in secrets if secret.encode() in content)


def dead_ends(visitor: Visitor, url: str, page: str) -> set[str]:
    """Return where the links and forms of a page lead that somebody may not go, by the table."""
    found = {("get", address) for address in LINK.findall(page)}
    # Django draws a form of one's own page around what may only be looked at, without a button.
    found |= {("post", address) for address in FORM.findall(page) + BUTTON.findall(page) if address}
    targets = {(method, urlsplit(urljoin(url, unescape(address)))) for method, address in found}
    return {f"{method} {to.path}" for method, to in targets if not to.netloc and not _is_open(visitor, method, to.path)}


def _is_open(visitor: Visitor, method: str, path: str) -> bool:
    try:
        cases = OF_ROUTE[resolve(path).route]
    except Resolver404:
        return path.startswith("/static/")
    return any((case.get if method == "get" else case.post).is_met_by(visitor.who) for case in cases)


def action_faults(visitor: Visitor) -> Iterator[str]:
    """Say which actions of lists do otherwise than the table says.

    An action that may be done writes, or shows another page than the list: a receipt, or what would be deleted.
    """
    for label, model in MODELS.items():
        for name, (need, row) in model.actions.items():
            url = f"/admin/{label.replace('.', '/')}/" + ("?archived=all" if row.startswith("archived") else "")
            sent = {"action": name, "_selected_action": visitor.rows[row]}
            response, written = visitor.send("post", url, sent)
            is_list = was_refused(response) or response.get("Location") == url or "cl" in (response.context or {})
            if (bool(written) or not is_list) != need.is_met_by(visitor.who):
                yield f"{visitor}: {name} of {label} answers {response.status_code} and writes {written}"
