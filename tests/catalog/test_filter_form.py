"""The catalog's filters, as a person finds them on the page."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from generations.models import Tag
from tests.catalog.conftest import text, titles
from tests.factories import a_campaign, a_task, a_video


def boxes(response: Any) -> list[str]:
    """The boxes and the entries of lists: `model=kling-2-6 2`, ticked ones with a `*`."""
    page = response.content.decode()
    found = re.findall(
        r'<input type="checkbox" name="(\w+)" value="([^"]+)"( checked)?><span>[^<]+(?:<small>(\d+)</small>)?', page
    )
    return [f"{name}={value}{' *' if on else ''}{f' {count}' if count else ''}" for name, value, on, count in found]


def listed(response: Any, name: str) -> list[str]:
    select = re.search(rf'<select name="{name}".*?</select>', response.content.decode(), re.DOTALL)
    return re.findall(r'<option value="([^"]+)">', select[0]) if select else []


def test_what_the_videos_have_is_offered_with_numbers(visitor: Client) -> None:
    a_video(a_task(model="kling-2-6"), has_audio=True)
    a_video()
    offered = boxes(visitor.get("/"))
    assert {"model=kling-2-6 1", "model=kling-2-5-turbo-pro 1", "sound=yes 1", "sound=no 1"} == set(offered)


def test_what_is_chosen_is_ticked_and_others_can_be_added(visitor: Client) -> None:
    a_video(a_task(model="kling-2-6"))
    a_video()
    offered = boxes(visitor.get("/", {"model": "kling-2-6"}))
    assert "model=kling-2-6 * 1" in offered
    assert "model=kling-2-1" in offered


def test_names_are_offered_as_far_as_a_person_may_know_them(visitor: Client, person: User) -> None:
    for name in ("Autumn", "Secret"):
        by = User.objects.create(username=f"by-{name}", first_name="Mira", last_name=name)
        task = a_task(campaign=a_campaign(name, is_restricted=name == "Secret"), ordered_by=by)
        task.prompt.tags.add(Tag.objects.create(name=f"of {name}"))
        a_video(task)
    page = visitor.get("/")
    assert listed(page, "campaign") == ["autumn"]
    assert listed(page, "tag") == ["of Autumn"]
    assert listed(page, "person") == ["mine"]
    person.user_permissions.add(Permission.objects.get(codename="view_generationtask"))
    assert listed(visitor.get("/"), "person") == ["by-Autumn", "mine"]
    chosen = visitor.get("/", {"campaign": "autumn"})
    assert (listed(chosen, "campaign"), "campaign=autumn * 1" in boxes(chosen)) == ([], True)


def test_visitors_of_a_public_catalog_get_no_names(client: Client, settings: Any, db: None) -> None:
    settings.CATALOG_PUBLIC = True
    a_campaign()
    page = client.get("/").content.decode()
    assert not re.search(r'name="(campaign|person|tag|collection|state|rating|practice|provider|mode)"', page)


def test_frequent_words_narrow_the_search(visitor: Client) -> None:
    for title in ("Red fox", "Blue fox", "Red gull"):
        a_video(title=title)
    page = visitor.get("/", {"ratio": "16:9"}).content.decode()
    assert 'href="/?q=fox&amp;ratio=16:9">fox <small>2</small>' in page
    page = visitor.get("/", {"q": "FOX"}).content.decode()
    assert "<small>" not in page.partition("Frequent")[2].partition("</ul>")[0]


def test_the_days_of_a_search_stand_in_its_fields(visitor: Client) -> None:
    a_video()
    page = visitor.get("/", {"since": "2026-11-01"}).content.decode()
    assert 'name="since" value="2026-11-01"' in page
    assert 'href="/?since=7d"' in page


def test_a_search_that_finds_nothing_says_what_to_drop(visitor: Client) -> None:
    a_video(title="Fox")
    page = visitor.get("/", {"q": "fox", "sound": "yes"})
    assert "There are videos without: Sound With sound: 1 video" in text(page)
    assert titles(visitor.get("/", {"q": "fox"})) == ["Fox"]


def test_the_number_of_videos_is_said(visitor: Client) -> None:
    a_video()
    assert "Videos 1 video Words" in text(visitor.get("/"))
    a_video()
    assert "Videos 2 videos Words" in text(visitor.get("/"))
