"""Searches that people keep."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict

from generations.library import saved_searches
from generations.library.search import BadSearch, Search
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def save(name: str, by: User, address: str = "q=fox&ratio=9:16") -> Any:
    return saved_searches.save(Search.parse(QueryDict(address)), name, at=NOW, by=by)


def test_a_search_is_kept_in_its_one_form(staff: User) -> None:
    saved = save("  Foxes \0 in  snow ", staff, "sort=rating&ratio=9:16&q=+fox++snow")
    assert (saved.name, saved.search) == ("Foxes in snow", "q=fox+snow&ratio=9:16&sort=rating")
    assert len(saved.token) == 32


@pytest.mark.parametrize("name", ["", " \0 ", "x" * 101, "Foxes"])
def test_a_name_is_written_short_and_new(staff: User, name: str) -> None:
    save("Foxes", staff)
    with pytest.raises(BadSearch) as error:
        save(name, staff)
    assert error.value.field == "name"
    assert staff.saved_searches.count() == 1


def test_others_may_use_the_same_name(staff: User) -> None:
    save("Foxes", staff)
    save("Foxes", User.objects.create(username="anna"))


def test_a_person_keeps_so_many(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_searches, "MOST", 1)
    save("Foxes", staff)
    with pytest.raises(BadSearch, match="Delete one first"):
        save("Gulls", staff)
