"""What people say about clips."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from generations.models import Favourite
from tests.factories import a_video

pytestmark = pytest.mark.django_db


def test_a_person_likes_a_clip_once() -> None:
    person, video = User.objects.create(username="mira"), a_video()
    Favourite.objects.create(person=person, video=video)
    with pytest.raises(IntegrityError):
        Favourite.objects.create(person=person, video=video)
