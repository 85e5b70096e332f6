"""Tags of prompts, put on and taken off many at once."""

from __future__ import annotations

import pytest

from generations.library import tagging
from generations.models import Status, Tag, Video
from tests.factories import a_prompt, a_task, a_video

pytestmark = pytest.mark.django_db


def test_a_tag_is_put_on_those_that_lack_it_and_found_in_their_clips() -> None:
    has, lacks = a_prompt(), a_prompt()
    clip = a_video(a_task(Status.STORED, prompt=lacks))
    tag = tagging.tag_of("B-roll")
    has.tags.add(tag)
    assert tagging.put_on(tag, [has.pk, lacks.pk, 999]) == {lacks.pk}
    assert "b roll" in Video.objects.get(pk=clip.pk).words
    assert tagging.take_off(tag, [has.pk, lacks.pk, 999]) == {has.pk, lacks.pk}
    assert "b roll" not in Video.objects.get(pk=clip.pk).words


def test_a_tag_of_the_same_letters_is_the_same_tag() -> None:
    tag = tagging.tag_of("Été")
    assert tagging.tag_of("  été ") == tagging.existing("ÉTÉ") == tag
    assert tagging.existing("hiver") is None
    assert Tag.objects.count() == 1
