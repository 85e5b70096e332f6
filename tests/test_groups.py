"""The groups that the migrations make: on a new site, on one that has people already, and beside groups of staff."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db
MIGRATION: Any = import_module("generations.migrations.0024_groups")
NAMES = ["Curator", "Finance", "Operator", "Producer", "Viewer"]


class Editor:
    connection = connection


def codenames(of: Any) -> set[str]:
    return set(of.values_list("codename", flat=True))


def the(*names: str) -> Any:
    return Permission.objects.filter(codename__in=names, content_type__app_label="generations")


@pytest.fixture
def before() -> Iterator[Any]:
    """The rows and models of a site that has not run this migration yet."""
    the(*MIGRATION.SPLIT[:1]).delete()
    Group.objects.all().delete()
    target = ("generations", "0024_groups")
    yield MigrationExecutor(connection).loader.project_state([target]).apps


def test_a_new_site_has_the_five_groups_with_their_permissions() -> None:
    assert list(Group.objects.order_by("name").values_list("name", flat=True)) == NAMES
    for name, granted in MIGRATION.GROUPS.items():
        assert codenames(Group.objects.get(name=name).permissions) >= set(granted)


def test_only_a_superuser_may_change_people_and_groups() -> None:
    foreign = Permission.objects.filter(group__name__in=NAMES).exclude(content_type__app_label="generations")
    assert not foreign.exists()


def test_the_permission_to_decide_and_the_groups_are_made_on_a_site_from_before(before: Any) -> None:
    MIGRATION.forward(before, Editor)
    assert list(Group.objects.order_by("name").values_list("name", flat=True)) == NAMES
    assert codenames(Group.objects.get(name="Operator").permissions) >= {"decide_orders", "add_balancereading"}
    assert "decide_orders" not in codenames(Group.objects.get(name="Producer").permissions)


def test_a_group_that_staff_made_keeps_what_it_had_and_its_people(before: Any) -> None:
    own = Group.objects.create(name="Viewer")
    own.permissions.set(the("delete_prompt"))
    own.user_set.add(User.objects.create(username="vera"))
    MIGRATION.forward(before, Editor)
    assert codenames(own.permissions) == {"delete_prompt", *MIGRATION.SEE}
    assert own.user_set.count() == 1


def test_whoever_might_order_still_decides_and_reads_balances(before: Any) -> None:
    buyer, viewer = (User.objects.create(username=name) for name in ("boris", "vera"))
    buyer.user_permissions.set(the("order_clips"))
    viewer.user_permissions.set(the("view_video"))
    buyers = Group.objects.create(name="Buyers")
    buyers.permissions.set(the("order_clips"))
    MIGRATION.forward(before, Editor)
    for each in (buyer.user_permissions, buyers.permissions):
        assert codenames(each) == {"order_clips", "decide_orders", "add_balancereading"}
    assert codenames(viewer.user_permissions) == {"view_video"}


def test_to_run_it_again_widens_nobody(before: Any) -> None:
    for _ in range(2):
        MIGRATION.forward(before, Editor)
    assert "decide_orders" not in codenames(Group.objects.get(name="Producer").permissions)


def test_a_later_migration_is_told_of_a_permission_that_is_not_there() -> None:
    with pytest.raises(LookupError, match="Viewer: there are no permissions \\['view_nothing'\\]"):
        MIGRATION.grant(apps, {"Viewer": ["view_nothing"]})


def test_operators_and_nobody_else_set_up_webhooks() -> None:
    holders = {group.name for group in Group.objects.filter(permissions__codename="add_endpoint")}
    assert holders == {"Operator"}
