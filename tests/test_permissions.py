"""What people may do is read by one query."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User

pytestmark = pytest.mark.django_db


def permission(name: str) -> Permission:
    return Permission.objects.get(codename=name)


@pytest.fixture
def person() -> User:
    person = User.objects.create_user("mira", password="a long password")
    person.user_permissions.add(permission("order_clips"))
    for name in ("one", "two"):
        group = Group.objects.create(name=name)
        group.permissions.add(permission("review_clips"), permission("order_clips"))
        person.groups.add(group)
    return person


def test_a_persons_own_permissions_and_those_of_groups_come_in_one_query(
    person: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert person.has_perms(["generations.order_clips", "generations.review_clips"])
        assert not person.has_perm("generations.publish_clips")
        assert person.has_module_perms("generations")
        assert not person.has_module_perms("auth")


def test_those_who_may_not_sign_in_may_do_nothing(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    gone = User.objects.get(pk=person.pk)
    assert not gone.has_perm("generations.order_clips")
    assert gone.get_all_permissions() == set()


def test_a_superuser_may_do_everything() -> None:
    boss = User.objects.create_superuser("boss")
    assert boss.has_perm("generations.publish_clips")
    assert "generations.publish_clips" in boss.get_all_permissions()


def test_a_password_opens_the_door(person: User, client: Any) -> None:
    assert client.post("/login/", {"username": "mira", "password": "another"}).status_code == 200
    assert client.post("/login/", {"username": "mira", "password": "a long password"}).status_code == 302
