"""Every page and every action, for everyone: what one may not do is refused by its address too, and writes nothing.

A new route, model or action fails here until it has its line in tests/roles/table.py or models.py.
"""

from __future__ import annotations

import pytest
from django.contrib import admin

from tests.roles.checks import action_faults, all_routes, faults
from tests.roles.models import MODELS
from tests.roles.rows import GROUPS
from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

pytestmark = pytest.mark.django_db
ROLES = sorted(["anonymous", "member", "staff", *GROUPS, "superuser"])


def test_every_route_is_in_the_table() -> None:
    known, found = set(PAGES), all_routes()
    assert (sorted(found - known), sorted(known - found)) == ([], [])


def test_every_model_and_every_action_is_in_the_table() -> None:
    found = {
        model._meta.label_lower: {getattr(action, "__name__", action) for action in own.actions or ()}
        for model, own in admin.site._registry.items()
    }
    missing = {label: names - set(MODELS[label].actions) for label, names in found.items() if label in MODELS}
    assert {label: names for label, names in missing.items() if names} == {}
    assert set(found) == set(MODELS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_and_does_what_the_table_says_and_nothing_else(role: str) -> None:
    visitor = Visitor(role)
    found = [fault for route, cases in PAGES.items() for case in cases for fault in faults(visitor, route, case)]
    found += action_faults(visitor)
    assert not found, "\n".join(found)
