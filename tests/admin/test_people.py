"""The pages of users and groups."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from generations.admin import people
from generations.models import AuditEntry


def test_a_group_is_made_of_permissions_from_a_plain_list(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:auth_group_add")).content.decode()
    assert "selectfilter" not in page
    chosen = Permission.objects.get(codename="order_clips")
    admin_client.post(reverse("admin:auth_group_add"), {"name": "Buyers", "permissions": [chosen.pk]})
    assert list(Group.objects.get(name="Buyers").permissions.all()) == [chosen]


def test_a_persons_groups_are_chosen_and_the_last_login_is_shown(admin_client: Client, staff: User) -> None:
    address = reverse("admin:auth_user_change", args=[staff.pk])
    page = admin_client.get(address).content.decode()
    assert "selectfilter" not in page and "Last login" in page and 'name="last_login_0"' not in page
    group = Group.objects.get(name="Viewer")
    admin_client.post(address, {"username": "mira", "is_active": "on", "is_staff": "on", "is_superuser": "on",
                                "groups": [group.pk]})  # fmt: skip
    assert list(staff.groups.all()) == [group]


def test_a_password_that_people_change_themselves_is_audited(admin_client: Client, staff: User) -> None:
    staff.set_password("a heron at noon")
    staff.save()
    admin_client.force_login(staff)
    address, new = reverse("admin:password_change"), "seven grey otters"
    for old in ("wrong", "a heron at noon"):
        assert not AuditEntry.objects.exists()
        admin_client.post(address, {"old_password": old, "new_password1": new, "new_password2": new})
    (entry,) = AuditEntry.objects.values_list("action", "kind", "row", "words", "by")
    assert entry == ("granted", "auth.user", staff.pk, "a new password of their own", staff.pk)
    assert User.objects.get(pk=staff.pk).check_password(new)
    assert admin_client.get(address).status_code == 200


def test_the_list_of_users_says_how_many_there_are(admin_client: Client) -> None:
    page = " ".join(admin_client.get(reverse("admin:auth_user_changelist")).content.decode().split())
    assert "1 user" in page


@pytest.mark.django_db
def test_permissions_read_as_they_are_named() -> None:
    own = Permission.objects.filter(content_type__app_label="generations").select_related("content_type")
    usual = {f"{action}_{each.content_type.model}" for each in own for action in people.DJANGOS}
    assert {each.codename for each in own} - usual == set(people.OWN)
    assert [people.permission_words(each) for each in own] == list(map(str, own))
