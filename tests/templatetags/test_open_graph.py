"""Other sites learn what a public clip is, and nothing of any other."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.catalog.conftest import published, with_poster
from tests.factories import a_video


@pytest.mark.django_db
def test_a_public_clip_says_what_it_is(client: Client, settings: Any) -> None:
    settings.CATALOG_PUBLIC = True
    video = with_poster(published(title='A "fox"', description="In snow."))
    page = client.get(video.get_absolute_url()).content.decode()
    assert '<meta property="og:title" content="A &quot;fox&quot;">' in page
    assert f'<meta property="og:image" content="http://testserver{video.poster_url}">' in page
    assert f'<meta property="og:video" content="http://testserver{video.url}">' in page


@pytest.mark.parametrize("public", [True, False])
def test_other_clips_say_nothing(admin_client: Client, settings: Any, public: bool) -> None:
    settings.CATALOG_PUBLIC = public
    video = a_video() if public else published()
    assert "og:" not in admin_client.get(video.get_absolute_url()).content.decode()
