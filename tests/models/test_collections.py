"""Collections hold clips in an order, each once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from generations.models import Collection
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db


def test_a_clip_is_in_a_collection_once() -> None:
    collection = Collection.objects.create(name="Teaser", slug="teaser", created_at=NOW)
    video = a_video()
    collection.items.create(video=video, position=0)
    with pytest.raises(IntegrityError):
        collection.items.create(video=video, position=1)
