"""Find the campaigns, collections, tags and people that a search names, as far as a person may know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from generations.library.filters import MINE, Named
from generations.models import Campaign, Collection, Person, Tag, Video

# Of each name: the column that its values are compared with, and what people call the row.
COLUMNS: dict[str, tuple[str, Any]] = {
    "campaign": ("slug", F("name")),
    "collection": ("slug", F("name")),
    "tag": ("name", F("name")),
    "person": ("username", Concat("first_name", Value(" "), "last_name")),
}


def knows_orders(person: Person | AnonymousUser) -> bool:
    """Return whether a person may know who ordered a clip and, as staff, what it cost: each of our groups says so."""
    return isinstance(person, Person) and person.has_perm("generations.view_generationtask")


def find(
    values: Mapping[str, tuple[str, ...]],
    person: Person | AnonymousUser,
    visible: QuerySet[Video],
    *,
    offered: int = 0,
) -> dict[tuple[str, str], Named]:
    """Return what a search's values name, in one query; `visible` are the clips that the person sees.

    What the person may not know of is left out. People who are not signed in know no names. So many rows of each name
    are `offered` besides.
    """
    if isinstance(person, AnonymousUser):
        return {}
    found = {("person", MINE): Named(person.pk, _("me"))} if MINE in values.get("person", ()) else {}
    parts = []
    for name, (column, label) in COLUMNS.items():
        asked = [value for value in values.get(name, ()) if (name, value) not in found]
        known = known_to(person, name, visible)
        if offered:
            some = known.filter(archived=False) if name == "campaign" else known
            chosen = Q(**{f"{column}__in": asked}) | Q(pk__in=some.order_by(column).values("pk")[:offered])
            parts.append(_rows(name, label, known.filter(chosen), column))
        elif asked:
            parts.append(_rows(name, label, known.filter(**{f"{column}__in": asked}), column))
    rows = parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0] if parts else []
    return found | {(name, key): Named(pk, label.strip() or key) for name, key, label, pk in rows}


def _rows(name: str, label: Any, rows: QuerySet[Any], column: str) -> QuerySet[Any, Any]:
    text = CharField()
    kind = Value(name, output_field=text)
    found: QuerySet[Any, Any] = rows.order_by().annotate(kind=kind, label=label)
    return found.values_list("kind", column, "label", "pk")


def known_to(person: Person, name: str, visible: QuerySet[Video]) -> Any:
    """Return the campaigns, collections, tags or people of `name` that a person who sees these clips may know of."""
    if name == "collection":
        return collections_of(person)
    if name == "campaign":
        return Campaign.objects.all().exclude(pk__in=Campaign.objects.closed_to(person).values("pk"))
    if name == "person" and not knows_orders(person):
        return User.objects.none()
    if person.is_staff:
        return Tag.objects.all() if name == "tag" else User.objects.all()
    if name == "tag":
        return Tag.objects.filter(Exists(visible.order_by().filter(prompt__tags=OuterRef("pk"))))
    return User.objects.filter(Exists(visible.order_by().filter(ordered_by=OuterRef("pk"))))


def collections_of(person: Person) -> QuerySet[Collection]:
    """Return the collections that a person may open."""
    if person.is_staff:
        return Collection.objects.all()
    named = Q(people=person) | Q(groups__in=person.groups.all())
    return Collection.objects.filter(Q(is_restricted=False) | Q(pk__in=Collection.objects.filter(named).values("pk")))
