"""The way through the admin: one table of its pages by subject, for the sidebar, the phone's menu and the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from generations.admin import notices
from generations.models.people import may_order


@dataclass(frozen=True, slots=True)
class Entry:
    """A page: its label, the name of its URL, and who may open it."""

    label: str
    url_name: str
    opens_to: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Link:
    """A page that the person may open; `current` is the value of `aria-current`, empty on other pages."""

    label: str
    url: str
    current: str


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    links: list[Link]


def _page(label: str, url_name: str, *permissions: str) -> Entry:
    return Entry(label, url_name, _one_of(*(f"generations.{name}" for name in permissions)))


def _rows(label: str, model: str, app: str = "generations") -> Entry:
    """Return the entry of a model's list, which opens for those who may view or change its rows."""
    opens_to = _one_of(f"{app}.view_{model}", f"{app}.change_{model}")
    return Entry(label, f"admin:{app}_{model}_changelist", opens_to)


def _one_of(*permissions: str) -> Callable[[Any], bool]:
    return lambda person: any(person.has_perm(name) for name in permissions)


# A page that is not built yet has no URL and is left out.
SECTIONS: dict[str, tuple[Entry, ...]] = {
    _("Make"): (
        Entry(_("New clip"), "new_clip", may_order),
        _rows(_("Prompts"), "prompt"),
        _page(_("Batches"), "batches", "view_generationtask"),
        _page(_("Queue"), "admin:queue", "view_generationtask"),
        _rows(_("Tasks"), "generationtask"),
    ),
    _("Library"): (
        _rows(_("Videos"), "video"),
        _rows(_("Collections"), "collection"),
        _rows(_("Reference images"), "referenceimage"),
        _rows(_("Tags"), "tag"),
        _rows(_("Share links"), "share"),
    ),
    _("Money"): (
        _page(_("Reports"), "reports", "view_ledgerentry"),
        _rows(_("Budgets"), "budget"),
        _rows(_("Campaigns"), "campaign"),
        _rows(_("Prices"), "price"),
        _rows(_("Ledger"), "ledgerentry"),
    ),
    _("People"): (
        _rows(_("Users"), "user", "auth"),
        _rows(_("Groups"), "group", "auth"),
        _rows(_("Audit"), "auditentry"),
    ),
    _("Operation"): (
        _rows(_("Providers"), "pause"),
        _rows(_("Balances"), "balancereading"),
        _rows(_("Webhooks"), "endpoint"),
    ),
}


def each_context(request: HttpRequest) -> dict[str, Any]:
    """Return what every page of the admin gets: Django's own, and the way to the other pages."""
    own = {
        "sections": sections(request),
        "is_first_page": request.path == reverse("admin:index"),
        "unread_notices": partial(notices.unread, request),  # asked by pages that show it, and by no other
    }
    return {**AdminSite.each_context(admin.site, request), **own}


def sections(request: HttpRequest, *, below: str = "") -> list[Section]:
    """Return the pages that the person may open, by subject; subjects without any are left out.

    `below` is the address of the page that this one belongs to, where its own address does not say that.
    """
    found = [(name, list(_open_to(request, entries))) for name, entries in SECTIONS.items()]
    here = _here(below or request.path, [url for __, pairs in found for __, url in pairs])
    return [
        Section(gettext(name), [Link(gettext(label), url, _current(request.path, url, here)) for label, url in pairs])
        for name, pairs in found
        if pairs
    ]


def _open_to(request: HttpRequest, entries: tuple[Entry, ...]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if entry.opens_to(request.user):
            try:
                yield entry.label, reverse(entry.url_name)
            except NoReverseMatch:
                continue


def _here(path: str, urls: list[str]) -> str:
    """Return the address of the page, or of the list that the page belongs to: the longest beginning of the path."""
    return max((url for url in urls if path.startswith(url)), key=len, default="")


def _current(path: str, url: str, here: str) -> str:
    return "" if url != here else "page" if url == path else "true"
