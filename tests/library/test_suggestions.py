"""What to drop of a search that finds nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict

from generations.library.search import Search
from generations.library.suggestions import suggestions
from generations.models import Video
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db


def said(address: str, staff: User) -> list[tuple[str, str, str]]:
    search, visible = Search.parse(QueryDict(address)), Video.objects.visible_to(staff)
    found = suggestions(search, visible, search.ids(staff, visible), at=NOW)
    return [(each.dropped, each.count, each.address) for each in found]


def test_each_filter_and_each_word_is_tried(staff: User) -> None:
    for title in ("Fox in snow", "Fox on a hill"):
        a_video(title=title)
    assert said("q=fox+gull&rating=4&rating=5", staff) == []
    assert said("q=fox&rating=4&rating=5", staff) == [("Rating 4 stars or 5 stars", "2 videos", "q=fox")]
    assert said("q=fox+gull&sort=rating", staff) == [
        ("Words “fox gull”", "2 videos", "sort=rating"),
        ("the word “gull”", "2 videos", "q=fox&sort=rating"),
    ]
    assert said("q=snow+gull", staff)[1] == ("the word “gull”", "1 video", "q=snow")
