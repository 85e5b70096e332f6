"""Source URLs of the tests of files: where nobody answers, and one that a test serves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.media import downloads
from generations.models import Status, Video
from tests.factories import a_task
from tests.integrity.reconciling import GOOD
from tests.trees import a_complete_video


@pytest.fixture(autouse=True)
def nobody_answers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source URLs lead nowhere, at once, but where a test serves them."""
    settings.RESULT_ORIGINS = ["http://127.0.0.1:9"]
    monkeypatch.setattr(downloads, "PAUSES_SECONDS", (0.0,))


@pytest.fixture
def lost(httpserver: HTTPServer, settings: Settings) -> Callable[..., Video]:
    """A clip whose file is gone, and whose source URL answers."""

    def video(body: bytes | None = None, *, status: int = 200) -> Video:
        settings.RESULT_ORIGINS = [httpserver.url_for("").rstrip("/")]
        content = GOOD() if body is None else body
        httpserver.expect_request("/clip.mp4").respond_with_data(content, status=status, content_type="video/mp4")
        url = httpserver.url_for("/clip.mp4")
        made = a_complete_video(a_task(Status.STORED, result_urls=[url]), content=GOOD(), source_url=url)
        made.path.unlink()
        return made

    return video
