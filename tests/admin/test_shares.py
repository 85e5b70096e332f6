"""All links in the admin: seen without their addresses, and revoked."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from generations import clock
from generations.library import sharing
from generations.library.sharing import Terms
from generations.models import Share
from tests.factories import a_video

LIST = reverse("admin:generations_share_changelist")


@pytest.fixture
def share(staff: User) -> Share:
    return sharing.share(a_video(title="A fox"), Terms(password="open sesame"), at=clock.now(), by=staff)


def test_links_are_listed_without_what_opens_them(admin_client: Client, share: Share) -> None:
    for path in (LIST, reverse("admin:generations_share_change", args=[share.pk])):
        page = admin_client.get(path).content.decode()
        assert "Clip: A fox" in page
        assert share.token not in page
        assert share.password not in page


def test_links_are_revoked_by_who_may_change_them(client: Client, admin_client: Client, share: Share) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_share"))
    sent = {"action": "revoke", "_selected_action": [share.pk]}
    other = Client()
    other.force_login(looker)
    other.post(LIST, sent)
    assert Share.objects.filter(revoked_at=None).exists()
    admin_client.post(LIST, sent)
    assert not Share.objects.filter(revoked_at=None).exists()
    assert "A fox" in admin_client.get(LIST, {"state": "ended"}).content.decode()
    assert "A fox" not in admin_client.get(LIST, {"state": "open"}).content.decode()
