"""The filters of generations/templatetags/catalog.py."""

from datetime import timedelta

import pytest

from generations.models import Video
from generations.providers.offers import mode_name, model_name, provider_name
from generations.templatetags.catalog import ago, frame_seconds, web_address
from tests.factories import NOW


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("kling-2-6", "Kling 2.6"),
        ("kling-2-5-turbo-pro", "Kling 2.5 Turbo Pro"),
        ("kling-2-1", "Kling 2.1"),
        ("someone-new", "someone-new"),
    ],
)
def test_models_have_names(model: str, name: str) -> None:
    assert model_name(model) == name


def test_modes_and_providers_have_names() -> None:
    assert mode_name("master-image-to-video") == "Master image to video"
    assert provider_name("apixo") == "APIXO"
    assert provider_name("someone-new") == "someone-new"


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "yesterday"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "13 Nov 2026"),
    ],
)
def test_times_are_said_as_people_do(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


@pytest.mark.parametrize("url", ["https://example.com/a", "http://example.com", "HTTPS://EXAMPLE.COM"])
def test_a_web_address_may_be_a_link(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", " javascript:alert(1)", "java\nscript:x", "data:text/html,x", "//x", "http://[x"]
)
def test_anything_else_may_not(url: str) -> None:
    assert not web_address(url)


def test_a_frame_lasts_as_long_as_the_rate_says() -> None:
    assert frame_seconds(Video(fps=25.0)) == "0.040000"
    assert frame_seconds(Video(fps=0.0)) == "0.04"
