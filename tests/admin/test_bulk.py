"""What a bulk action says of what it did; test_clip_actions and test_prompt_actions have its pages."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from generations.admin import bulk
from generations.library.bulk import Outcome
from generations.models import Video
from tests.factories import a_video


@pytest.mark.parametrize(("changed", "level"), [(2, "success"), (0, "warning")])
def test_the_list_says_what_was_done_to_how_many_and_why_not_to_others(changed: int, level: str) -> None:
    request = RequestFactory().get("/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    bulk.say(request, Outcome("Tagged “snow”", changed, Counter({"tagged so already": 1})), gone=3)
    (said,) = get_messages(request)
    assert str(said).endswith(f"{changed} clips. Left out: 1 tagged so already, 3 no longer here.")
    assert said.level_tag == level


def test_none_and_too_many_are_refused(db: None) -> None:
    with pytest.raises(ValidationError, match="no clip among these"):
        bulk.ids_of(Video.objects.all())
    first, second = a_video(), a_video()
    assert bulk.ids_of(Video.objects.order_by("pk"), most=2) == [first.pk, second.pk]
    with pytest.raises(ValidationError, match="At most 1 clips"):
        bulk.ids_of(Video.objects.all(), most=1)
