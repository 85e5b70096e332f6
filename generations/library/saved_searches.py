"""Keep searches under a name, each with a feed of its own."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from generations.library.search import BadSearch, Search
from generations.models import Action, AuditEntry, Person, SavedSearch

MAX_NAME = 100  # characters
MOST = 100  # of one person


def save(search: Search, name: str, *, at: datetime, by: Person) -> SavedSearch:
    """Keep a search for a person. Raises: BadSearch for a name that is empty, too long or in use, and for too many."""
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise BadSearch("name", _("Name: write a name for the search."))
    if len(name) > MAX_NAME:
        raise BadSearch("name", _("Name: at most {most} characters.").format(most=MAX_NAME))
    if by.saved_searches.count() >= MOST:
        raise BadSearch(
            "name", _("You have {count} saved searches, which is the most. Delete one first.").format(count=MOST)
        )
    try:
        with transaction.atomic():
            return SavedSearch.objects.create(person=by, name=name, search=search.query_string(), created_at=at)
    except IntegrityError as error:
        raise BadSearch("name", _("Name: you have a search called “{name}” already.").format(name=name)) from error


def delete(saved: SavedSearch, *, at: datetime, by: Person) -> None:
    """Delete a search, and with it its feed."""
    with transaction.atomic():
        AuditEntry.objects.record(Action.DELETED, saved, saved.search, at=at, by=by)
        saved.delete()
