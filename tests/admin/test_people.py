"""The pages of users and groups."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from generations.admin import people
from generations.catalog import second_step
from generations.models import AuditEntry
from tests.catalog.codes import a_device

PASSWORD = "a long enough password"
NEW = "seven grey otters at noon"


@pytest.fixture
def anna(db: None) -> Client:
    """A browser in which Anna, who is no staff, is signed in."""
    client = Client()
    client.force_login(User.objects.create_user("anna", password=PASSWORD))
    return client


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


def test_ones_own_password_is_changed_on_the_page_that_asks_for_the_old_one(admin_client: Client, staff: User) -> None:
    for address in (reverse("admin:password_change"), reverse("admin:auth_user_password_change", args=[staff.pk])):
        assert admin_client.get(address)["Location"] == "/security/password/"
        sent = {"password1": NEW, "password2": NEW, "usable_password": "true"}
        assert admin_client.post(address, sent)["Location"] == "/security/password/"
    assert staff.password == User.objects.get(pk=staff.pk).password


def test_a_new_password_by_a_superuser_ends_the_persons_sessions(admin_client: Client, anna: Client) -> None:
    pk = User.objects.get(username="anna").pk
    sent = {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "1"}
    admin_client.post(reverse("admin:auth_user_password_change", args=[pk]), sent)
    assert User.objects.get(pk=pk).check_password(NEW)
    assert anna.get("/").status_code == 302


def test_sessions_end_with_the_account_and_stay_ended(admin_client: Client, anna: Client) -> None:
    pk = User.objects.get(username="anna").pk
    address = reverse("admin:auth_user_change", args=[pk])
    admin_client.post(address, {"username": "anna"})
    assert anna.get("/").status_code == 302
    admin_client.post(address, {"username": "anna", "is_active": "on"})
    assert anna.get("/").status_code == 302
    assert Client().post("/login/", {"username": "anna", "password": PASSWORD}).status_code == 302


def test_somebody_who_is_closed_out_past_the_pages_is_out_at_once(anna: Client) -> None:
    assert anna.get("/").status_code == 200
    User.objects.filter(username="anna").update(is_active=False)
    assert anna.get("/").status_code == 302


def test_a_superuser_signs_somebody_out_everywhere(admin_client: Client, anna: Client) -> None:
    pk = User.objects.get(username="anna").pk
    page = admin_client.get(reverse("admin:auth_user_change", args=[pk])).content.decode()
    assert "Signed in with 1 browser." in page and "Sign out everywhere" in page
    address = reverse("admin:auth_user_sign_out", args=[pk])
    assert admin_client.get(address).status_code == 405
    admin_client.post(address)
    assert anna.get("/").status_code == 302
    assert admin_client.get("/admin/").status_code == 200
    (entry,) = AuditEntry.objects.values_list("action", "row", "words", "by__username")
    assert entry == ("secured", pk, "signed them out everywhere", "mira")


def test_a_superuser_removes_the_second_step_of_who_lost_it(admin_client: Client, anna: Client) -> None:
    person = User.objects.get(username="anna")
    page = admin_client.get(reverse("admin:auth_user_change", args=[person.pk])).content.decode()
    assert "Remove two-step" not in page
    a_device(person)
    page = admin_client.get(reverse("admin:auth_user_change", args=[person.pk])).content.decode()
    assert "Remove two-step" in page
    admin_client.post(reverse("admin:auth_user_remove_two_step", args=[person.pk]))
    assert not second_step.is_on(person)
    assert anna.get("/").status_code == 302
    words = AuditEntry.objects.latest("pk")
    assert (words.action, words.words) == ("secured", "removed their two-step sign-in and signed them out")
    assert (words.by, words.row) == (User.objects.get(username="mira"), person.pk)


@pytest.mark.parametrize("name", ["sign_out", "remove_two_step"])
def test_for_oneself_there_is_the_page_that_asks_for_the_password(admin_client: Client, staff: User, name: str) -> None:
    a_device(staff)
    page = admin_client.get(reverse("admin:auth_user_change", args=[staff.pk])).content.decode()
    assert "Sign out everywhere" not in page
    assert admin_client.post(reverse(f"admin:auth_user_{name}", args=[staff.pk])).status_code == 403
    assert second_step.is_on(staff)
    assert admin_client.get("/admin/").status_code == 200


@pytest.mark.parametrize("name", ["sign_out", "remove_two_step"])
def test_it_takes_a_superuser(client: Client, anna: Client, name: str) -> None:
    manager = User.objects.create_user("max", is_staff=True)
    manager.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(manager)
    pk = User.objects.get(username="anna").pk
    assert "Sign out everywhere" not in client.get(reverse("admin:auth_user_change", args=[pk])).content.decode()
    assert client.post(reverse(f"admin:auth_user_{name}", args=[pk])).status_code == 403
    assert anna.get("/").status_code == 200


def test_the_list_of_users_says_how_many_there_are(admin_client: Client) -> None:
    page = " ".join(admin_client.get(reverse("admin:auth_user_changelist")).content.decode().split())
    assert "1 user" in page


@pytest.mark.django_db
def test_permissions_read_as_they_are_named() -> None:
    own = Permission.objects.filter(content_type__app_label="generations").select_related("content_type")
    usual = {f"{action}_{each.content_type.model}" for each in own for action in people.DJANGOS}
    assert {each.codename for each in own} - usual == set(people.OWN)
    assert [people.permission_words(each) for each in own] == list(map(str, own))
