"""Downloads are named by the site's template, and are safe wherever they land."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from generations.library.download_names import FIELDS, BadTemplate, download_name, download_names, fields_of, filled
from generations.models import Status
from tests.factories import NOW, a_campaign, a_task, a_video

DEFAULT = "{date}_{campaign}_{title}_{take}_{id}"
VALUES = {"date": "2026-11-20", "campaign": "", "model": "kling-2-6", "title": "A fox", "take": "take1", "id": "17"}


@pytest.mark.django_db
def test_a_name_has_the_day_the_campaign_the_title_the_take_and_the_id() -> None:
    first = a_video(a_task(Status.STORED, campaign=a_campaign("Autumn Sale")), title="Neon rain, market")
    later = a_task(Status.STORED, campaign=first.campaign, shot=first.shot)
    second = a_video(later, title="Neon rain, market", created_at=NOW + timedelta(minutes=1))
    assert download_name(first.pk) == f"2026-11-20_autumn-sale_neon-rain-market_take1_{first.pk}.mp4"
    assert download_name(second.pk) == f"2026-11-20_autumn-sale_neon-rain-market_take2_{second.pk}.mp4"


@pytest.mark.django_db
def test_names_of_many_clips_differ_and_cost_one_query(settings: Settings, django_assert_num_queries: Any) -> None:
    settings.DOWNLOAD_NAME = "{title}"
    videos = [a_video(title=title) for title in ("A fox", "a FOX", "An owl")]
    with django_assert_num_queries(1):
        names = download_names([video.pk for video in videos])
    assert sorted(names.values()) == sorted(["a-fox.mp4", f"a-fox_{videos[1].pk}.mp4", "an-owl.mp4"])


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT, "2026-11-20_a-fox_take1_17.mp4"),
        ("{campaign}", "video-17.mp4"),
        ("{campaign}-{title}", "a-fox.mp4"),
        ("Studio_{model}__{id}", "Studio_kling-2-6_17.mp4"),
    ],
)
def test_what_is_empty_leaves_no_gap(template: str, name: str) -> None:
    assert filled(template, VALUES) == name


@given(st.text(max_size=300), st.text(max_size=100))
def test_a_name_is_short_and_has_nothing_that_a_shell_or_a_header_reads(title: str, campaign: str) -> None:
    name = filled(DEFAULT, {**VALUES, "title": title, "campaign": campaign})
    assert len(name.encode()) <= 255
    assert name.endswith("_17.mp4")
    assert "__" not in name
    assert name.startswith("2026-11-20")
    assert re.fullmatch(r"[\w-]+\.mp4", name)


def test_a_name_that_is_too_long_loses_the_end_of_its_longest_part() -> None:
    name = filled(DEFAULT, {**VALUES, "title": "ё" * 300, "campaign": "autumn"})
    assert re.fullmatch(r"2026-11-20_autumn_ё+_take1_17\.mp4", name)
    assert 250 < len(name.encode()) <= 255


def test_a_template_names_its_fields() -> None:
    assert fields_of("{title}_{id}") == ["title", "id"]
    assert set(fields_of(DEFAULT)) < set(FIELDS)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{titel}", r"unknown field \{titel\}; there are \{date\}"),
        ("{}", r"unknown field \{\}"),
        ("{title.__class__}", "unknown field"),
        ("{title", "a field looks like {title}"),
        ("{title:>900}", "no format"),
        ("{title!r}", "no format"),
        ("clip", "names no field"),
        ("clips/{title}", "between the fields"),
        ("{title} {id}", "between the fields"),
        ("{id}" + "x" * 100, "longer than 100"),
    ],
)
def test_a_template_that_cannot_name_files_is_refused(template: str, words: str) -> None:
    with pytest.raises(BadTemplate, match=words):
        fields_of(template)
