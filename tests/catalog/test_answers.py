"""Where a form leads back to, and who may write."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from generations.models import Video
from tests.factories import a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


def rate(client: Client, video: Video, stars: str = "3", headers: Any = None, **fields: str) -> Any:
    return client.post(f"/videos/{video.pk}/rating/", {"rating": stars, **fields}, headers=headers)


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/?q=fox", "/?q=fox"),
        ("", "its page"),
        ("https://elsewhere.example/", "its page"),
        ("//elsewhere.example", "its page"),
        ("javascript:alert(1)", "its page"),
    ],
)
def test_a_form_leads_back_to_where_it_came_from_on_this_site_alone(
    visitor: Client, address: str, leads_to: str
) -> None:
    video = a_video()
    answer = rate(visitor, video, next=address)
    assert answer.status_code == 302
    assert answer.url == (video.get_absolute_url() if leads_to == "its page" else leads_to)


def test_whoever_is_not_signed_in_is_led_there_and_a_script_is_told(client: Client) -> None:
    video = a_video()
    assert rate(client, video, next="/?q=fox").url == "/login/?next=/%3Fq%3Dfox"
    answer = rate(client, video, headers=JSON)
    assert (answer.status_code, answer.json()["error"]) == (401, "You are signed out. Sign in, then try again.")
    video.refresh_from_db()
    assert video.rating == 0


def test_a_clip_that_one_may_not_see_is_not_there(visitor: Client) -> None:
    hidden = a_video(a_task(campaign=a_campaign(is_restricted=True)))
    for verb in ("rating", "favourite", "decision", "send-back", "publish", "unpublish"):
        assert visitor.post(f"/videos/{hidden.pk}/{verb}/").status_code == 404
        assert visitor.post(f"/videos/{hidden.pk + 1}/{verb}/").status_code == 404


def test_nothing_is_changed_by_a_link(visitor: Client) -> None:
    video = a_video()
    for verb in ("rating", "favourite", "decision", "send-back", "unpublish"):
        assert visitor.get(f"/videos/{video.pk}/{verb}/").status_code == 405


def test_a_form_from_elsewhere_is_refused(visitor: Client) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"cookie": visitor.cookies.output(header="", sep=";").strip()})
    strict.cookies = visitor.cookies
    assert rate(strict, a_video()).status_code == 403
