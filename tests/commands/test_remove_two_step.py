"""`manage.py remove_two_step`: the way in for a superuser without a phone and without colleagues."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from generations.catalog import second_step
from generations.models import AuditEntry
from tests.catalog.codes import a_device
from tests.commands.running import output, run


def test_the_password_is_enough_again_and_sessions_end(staff: User, admin_client: Client) -> None:
    a_device(staff)
    assert output("remove_two_step", "mira") == "The password alone lets mira in now.\n"
    assert not second_step.is_on(staff)
    assert admin_client.get("/admin/").status_code == 302
    *_turned_on, entry = AuditEntry.objects.order_by("pk").values_list("action", "row", "by")
    assert list(entry) == ["secured", staff.pk, None]


def test_nobody_and_those_who_have_none_are_refused(staff: User) -> None:
    for name, words in (("nobody", "There is nobody"), ("mira", "has no two-step sign-in")):
        code, _out, error = run("remove_two_step", name)
        assert (code, words in error) == (2, True)
    assert not AuditEntry.objects.exists()
