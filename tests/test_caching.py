"""What people see who are signed in stays with their browser."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from generations.models import Session, Status
from tests.factories import a_task, a_video

PAGES = ("/", "/videos/{video}/", "/collections/", "/links/", "/searches/", "/mentions/", "/no/such/page/", "/admin/",
         "/admin/generations/generationtask/")  # fmt: skip


@pytest.mark.django_db
def test_every_page_of_somebody_who_is_signed_in_is_private_and_asked_for_again(admin_client: Client) -> None:
    video = a_video(a_task(Status.STORED))
    for page in PAGES:
        said = admin_client.get(page.format(video=video.pk))["Cache-Control"]
        assert "private" in said and "no-cache" in said, page


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/links/", "/searches/", "/no/such/page/", "/admin/", "/admin/password_change/"])
def test_no_browser_writes_down_secret_addresses_or_the_admin(page: str, admin_client: Client) -> None:
    assert "no-store" in admin_client.get(page)["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/logout/", "/admin/logout/"])
def test_whoever_signs_out_leaves_nothing_in_the_browser_but_its_language_and_that_it_is_known(
    page: str, admin_client: Client
) -> None:
    assert "Clear-Site-Data" not in admin_client.get("/")
    admin_client.cookies["messages"] = "words for the person who leaves"
    response = admin_client.post(page)
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert {name for name, cookie in response.cookies.items() if not cookie.value} == {"sessionid", "messages"}
    assert "Clear-Site-Data" not in admin_client.get("/login/")


@pytest.mark.django_db
def test_a_session_that_ended_by_silence_is_forgotten_too(admin_client: Client) -> None:
    Session.objects.update(expire_date=timezone.now())
    response = admin_client.get("/")
    assert (response.status_code, response["Clear-Site-Data"]) == (302, '"cache", "storage"')


@pytest.mark.django_db
def test_going_back_in_the_catalog_stays_at_once(admin_client: Client) -> None:
    assert "no-store" not in admin_client.get("/")["Cache-Control"]


@pytest.mark.django_db
def test_a_page_that_strangers_share_is_not_marked(client: Client) -> None:
    assert "Cache-Control" not in client.get("/no/such/page/")
