"""Reference videos: measured on this machine, taken unseen elsewhere."""

import pytest

from generations.sandbox.rules import Refused
from generations.sandbox.videos import UNSEEN_SECONDS, seconds_of
from tests.clips import clip


def test_a_video_on_this_machine_is_measured(httpserver):
    httpserver.expect_request("/a.mp4").respond_with_data(clip(seconds=1.4))
    assert seconds_of(httpserver.url_for("/a.mp4"), most=30) == 2


def test_a_video_that_is_too_long_or_none_is_refused(httpserver):
    httpserver.expect_request("/a.mp4").respond_with_data(clip(seconds=3))
    httpserver.expect_request("/b.mp4").respond_with_data(b"no video")
    for path in ("/a.mp4", "/b.mp4", "/none.mp4"):
        with pytest.raises(Refused):
            seconds_of(httpserver.url_for(path), most=2)


def test_a_video_elsewhere_is_not_fetched():
    assert seconds_of("https://example.com/a.mp4", most=30) == UNSEEN_SECONDS
