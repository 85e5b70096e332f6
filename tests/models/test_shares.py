"""A share link shows one thing: a clip, a collection, or what a search finds."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from generations.models import Share
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db


def test_a_share_is_of_exactly_one_thing_and_its_address_cannot_be_guessed() -> None:
    owner = User.objects.create(username="mira")
    video = a_video()
    shares = [
        Share.objects.create(created_at=NOW, created_by=owner, **of) for of in ({"video": video}, {"search": "q=fox"})
    ]
    assert len({share.token for share in shares}) == 2
    assert all(len(share.token) == 32 for share in shares)
    for wrong in ({}, {"video": video, "search": "q=fox"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Share.objects.create(created_at=NOW, created_by=owner, **wrong)
