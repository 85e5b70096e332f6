"""The catalog, narrowed to a campaign."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from generations.catalog.paging import PAGE_SIZE
from generations.models import Status
from tests.catalog.conftest import text, titles
from tests.factories import NOW, a_campaign, a_task, a_video


def test_a_campaign_has_pages_of_its_own(visitor: Client) -> None:
    campaign = a_campaign()
    for number in range(PAGE_SIZE + 1):
        a_video(a_task(Status.STORED, campaign=campaign), title=f"Autumn {number}", created_at=NOW + timedelta(number))
        a_video(title=f"Other {number}", created_at=NOW + timedelta(number))
    first = visitor.get("/", {"campaign": "autumn"})
    newest = [f"Autumn {number}" for number in range(PAGE_SIZE, 0, -1)]
    assert titles(first) == newest
    assert "Remove Campaign Autumn ×" in text(first)
    older = re.search(r'href="/(\?campaign=autumn&amp;before=[^"]+)"', first.content.decode())
    assert older
    second = visitor.get("/" + older[1].replace("&amp;", "&"))
    assert titles(second) == ["Autumn 0"]
    newer = re.search(r'href="/(\?campaign=autumn&amp;after=[^"]+)"', second.content.decode())
    assert newer
    back = visitor.get("/" + newer[1].replace("&amp;", "&"), follow=True)
    assert titles(back) == newest


@pytest.mark.parametrize("slug", ["none", "no slug", "a\0b", "'"])
def test_a_campaign_that_is_none_is_said_to_be_none(visitor: Client, slug: str) -> None:
    response = visitor.get("/", {"campaign": slug})
    assert response.status_code == 400
    assert "That is no search Campaign: " in text(response)


def test_a_campaign_that_is_closed_to_a_person_is_not_offered(visitor: Client) -> None:
    a_campaign(is_restricted=True)
    assert "Autumn" not in text(visitor.get("/"))


def test_the_campaigns_in_use_are_offered(visitor: Client) -> None:
    a_campaign()
    a_campaign("Spring", archived=True)
    page = visitor.get("/").content.decode()
    assert '<option value="autumn">Autumn</option>' in page
    assert "spring" not in page
    assert 'name="campaign" value="spring" checked' in visitor.get("/", {"campaign": "spring"}).content.decode()


def test_a_campaign_without_videos_says_so(visitor: Client) -> None:
    a_campaign()
    assert "No videos found" in text(visitor.get("/", {"campaign": "autumn"}))


def test_a_video_names_its_campaign_and_leads_to_the_others(visitor: Client) -> None:
    video = a_video(a_task(Status.STORED, campaign=a_campaign()))
    assert '<a href="/?campaign=autumn">Autumn</a>' in visitor.get(video.get_absolute_url()).content.decode()
