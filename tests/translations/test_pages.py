"""Every word that a page shows goes through gettext: under a language that marks what it translates, none is bare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.utils import translation

from generations import translation as plain
from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

pytestmark = pytest.mark.django_db

OPEN, CLOSE = "⟦", "⟧"
WORD = re.compile(r"[^\W\d_]{3,}")
SHOWN = {"title", "aria-label", "placeholder", "alt", "data-label", "label"}  # attributes that people read
# Names, units, keys, what is typed into a shell, the columns of our CSV, and what two apps of others leave in English.
NAMES = """
    Kling Studio APIXO Apikley Turbo Pro Std Master Ctrl Enter Esc Shift Alt Space CSV XLSX PNG EDL OTIO ZIP JSON USD
    UTC SHA Sha fps English Español python manage worker Queue Axes True False None auto value official title
    negative_prompt notes tags settings iframe width height allowfullscreen relationship relationships object
"""
ADDRESS = re.compile(r"\S*(?:[/_<]|\.otio|\.edl|Prompt-tag)\S*")  # and other words that no language has
OF_DJANGO = "admin/auth/user/<id>/password/"  # its help is translated once, when the site starts


class Texts(HTMLParser):
    """The texts of a page that no message surrounds."""

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.is_code, self.bare = 0, False, list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.is_code = tag in ("script", "style") or given.get("translate") == "no"
        is_button = tag == "input" and given.get("type") in ("submit", "button")
        for name, value in attrs:
            if value and (name in SHOWN or (is_button and name == "value")):
                self.bare.append(self._outside(value, 0)[0])

    def handle_endtag(self, tag: str) -> None:
        self.is_code = False

    def handle_data(self, data: str) -> None:
        if not self.is_code:
            bare, self.depth = self._outside(data, self.depth)
            self.bare.append(bare)

    def _outside(self, text: str, depth: int) -> tuple[str, int]:
        found: list[str] = []
        for letter in text:
            found += letter if not depth and letter != OPEN else ""
            depth = max(0, depth + (letter == OPEN) - (letter == CLOSE))
        return "".join(found), depth


@pytest.fixture
def marking(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(message: str) -> str:
        return message if message == "yes,no" else f"{OPEN}{message}{CLOSE}"

    def many(singular: str, plural: str, number: int) -> str:
        return one(singular if number == 1 else plural)

    django: Any = translation._trans  # type: ignore[attr-defined]
    monkeypatch.setattr(django, "gettext", one, raising=False)
    monkeypatch.setattr(django, "pgettext", lambda context, message: one(message), raising=False)
    monkeypatch.setattr(django, "ngettext", many, raising=False)
    monkeypatch.setattr(django, "npgettext", lambda context, *words: many(*words), raising=False)
    monkeypatch.setattr(plain, "translate", one)


def kept() -> set[str]:
    """The words that rows hold, which stay as somebody wrote them."""
    rows = (row for model in apps.get_models() for row in model._base_manager.values())
    return {word for row in rows for value in row.values() if isinstance(value, str) for word in WORD.findall(value)}


def pages(visitor: Visitor) -> Iterator[tuple[str, str]]:
    for route, cases in PAGES.items():
        for case in cases if route != OF_DJANGO else ():
            url = visitor.url(route, case)
            for method, need in (("get", case.get), ("post", case.post)):
                if not need.is_met_by(visitor.who) or case.is_absent:
                    continue
                sent = visitor.data(case) if method == "post" else None
                response, _written = visitor.send(method, url, sent)
                if not response.streaming and "html" in response.get("Content-Type", ""):
                    yield f"{method} {url}", visitor.content.decode()


def test_every_word_of_every_page_is_a_message(marking: None) -> None:
    visitor = Visitor("superuser")
    sent = {str(word) for cases in PAGES.values() for case in cases for word in case.data.values()}
    known = kept() | set(NAMES.split()) | sent
    bare: dict[str, str] = {}
    for page, html in pages(visitor):
        texts = Texts()
        texts.feed(html)
        for text in texts.bare:
            if set(WORD.findall(ADDRESS.sub("", text))) - known:
                bare.setdefault(" ".join(text.split()), page)
    assert not bare, "\n".join(f"{text!r} at {page}" for text, page in bare.items())
