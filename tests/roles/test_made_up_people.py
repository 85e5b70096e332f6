"""The same table for people whom no group describes: any set of permissions, each one alone, and each one left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.roles.cases import Case
from tests.roles.checks import action_faults, faults, faults_of
from tests.roles.models import MODELS
from tests.roles.needs import SEE_DRAFTS, Someone
from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

pytestmark = pytest.mark.django_db
CASES = [(route, case) for route, cases in PAGES.items() for case in cases]
NAMED = sorted(  # the permissions that anything takes
    {name for __, case in CASES for need in (case.get, case.post) for name in need.permissions}
    | {name for model in MODELS.values() for need, __ in model.actions.values() for name in need.permissions}
    | {SEE_DRAFTS}
)


@pytest.fixture
def visitor() -> Visitor:
    """Someone in a group of their own, which says all that they may do."""
    person = User.objects.create(username="somebody", is_staff=True)
    person.groups.add(Group.objects.create(name="Made up"))
    return Visitor(person)


def permissions() -> dict[str, Permission]:
    found = Permission.objects.annotate(app=F("content_type__app_label"))
    return {f"{each.app}.{each.codename}": each for each in found}


def become(visitor: Visitor, names: set[str], *, is_staff: bool = True) -> Visitor:
    """Let somebody have these permissions, and no others."""
    assert visitor.person
    known = permissions()
    Group.objects.get(name="Made up").permissions.set([known[name] for name in names])
    User.objects.filter(pk=visitor.person.pk).update(is_staff=is_staff)
    visitor.person = User.objects.get(pk=visitor.person.pk)
    visitor.who = Someone.of(visitor.person)
    assert visitor.who.permissions == names
    return visitor


@settings(
    max_examples=settings.get_profile(settings.get_current_profile_name()).max_examples // 25,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # a fault is told at once: each example takes seconds
    report_multiple_bugs=False,
)
@given(
    chosen=st.lists(st.booleans(), min_size=len(NAMED), max_size=len(NAMED)),
    others=st.booleans(),
    is_staff=st.sampled_from([True, True, True, False]),
)
def test_anybody_opens_and_does_what_the_table_says_and_nothing_else(
    visitor: Visitor, chosen: list[bool], others: bool, is_staff: bool
) -> None:
    names = {name for name, has in zip(NAMED, chosen, strict=True) if has}
    if others:  # those of which no page knows
        names |= set(permissions()) - set(NAMED)
    become(visitor, names, is_staff=is_staff)
    found = [fault for route, case in CASES for fault in faults(visitor, route, case)]
    found += action_faults(visitor)
    assert not found, f"{sorted(names)}:\n" + "\n".join(found)


def speaking_of(name: str) -> Iterator[tuple[str, Case, str]]:
    """Yield the pages, and how they are asked for, that are opened by a permission."""
    for route, case in CASES:
        for method, need in (("get", case.get), ("post", case.post)):
            if name in need.permissions:
                yield route, case, method


@pytest.mark.parametrize("half", [0, 1])
def test_a_permission_opens_its_pages_alone_and_all_others_do_not_stand_in_for_it(visitor: Visitor, half: int) -> None:
    found = []
    for name in NAMED[half::2]:
        for names in ({name, SEE_DRAFTS}, set(NAMED) - {name}):
            become(visitor, names)
            for route, case, method in speaking_of(name):
                may = (case.get if method == "get" else case.post).is_met_by(visitor.who)
                more = faults_of(visitor, route, case, method, may=may)
                found += [f"{'only' if name in names else 'without'} {name}: {fault}" for fault in more]
    assert not found, "\n".join(found)
