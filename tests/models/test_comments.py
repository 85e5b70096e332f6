"""What people say about clips."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from generations.models import Comment, Favourite
from tests.factories import a_video

pytestmark = pytest.mark.django_db


def test_a_person_likes_a_clip_once() -> None:
    person, video = User.objects.create(username="mira"), a_video()
    Favourite.objects.create(person=person, video=video)
    with pytest.raises(IntegrityError):
        Favourite.objects.create(person=person, video=video)


def test_the_names_in_a_comment_stand_apart() -> None:
    comment = Comment(text="@anna and @ben.k, mail a@b.c")
    named = [words for words, is_name in comment.parts if is_name]
    assert named == ["@anna", "@ben.k"]
    assert "".join(words for words, _ in comment.parts) == comment.text


def test_a_comment_of_someone_whose_account_is_gone_still_stands() -> None:
    assert Comment(text="hm").said_by == "Someone who left"
    assert Comment(text="hm", guest_name="Zoë").said_by == "Zoë"
