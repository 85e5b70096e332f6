"""What a row lost, brought back: the very same bytes, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.integrity import repair as repairing
from generations.integrity.repair import NoAnswer, NotRepaired, repair
from generations.media import clips
from generations.media.store import store
from generations.models import Status, Video
from tests.clips import clip
from tests.factories import a_task, an_image
from tests.trees import a_complete_video, a_file, tree

pytestmark = pytest.mark.django_db

GOOD = cache(lambda: clip("faststart", seconds=1.0))


@pytest.fixture(autouse=True)
def allow(httpserver: HTTPServer, settings: Settings) -> None:
    settings.RESULT_ORIGINS = [httpserver.url_for("").rstrip("/")]


@pytest.fixture
def lost(httpserver: HTTPServer) -> Callable[..., Video]:
    """A clip whose file is gone, and whose source URL answers with this."""

    def video(body: bytes | None = None, *, status: int = 200, content_type: str = "video/mp4") -> Video:
        httpserver.expect_request("/clip.mp4").respond_with_data(
            GOOD() if body is None else body, status=status, content_type=content_type
        )
        task = a_task(Status.STORED, result_urls=[])
        made = a_complete_video(task, content=GOOD(), source_url=httpserver.url_for("/clip.mp4"))
        made.path.unlink()
        return made

    return video


def test_a_lost_clip_is_fetched_again_to_the_same_name(lost: Callable[..., Video]) -> None:
    video = lost()
    repair(video, fetch_seconds=10)
    assert tree() == {str(video.file): GOOD()}
    video.task.refresh_from_db()
    assert video.task.status == Status.STORED


def test_a_damaged_file_is_replaced_in_one_step(lost: Callable[..., Video]) -> None:
    video = lost()
    video.path.write_bytes(b"damaged")
    repair(video, fetch_seconds=10)
    assert tree() == {str(video.file): GOOD()}


def test_a_link_in_its_place_is_replaced_and_what_it_points_to_is_not(lost: Callable[..., Video]) -> None:
    video, elsewhere = lost(), a_file("elsewhere.txt", b"precious")
    video.path.symlink_to(elsewhere)
    repair(video, fetch_seconds=10)
    assert tree() == {"elsewhere.txt": b"precious", str(video.file): GOOD()}
    assert not video.path.is_symlink()


def test_another_file_never_takes_its_place(lost: Callable[..., Video]) -> None:
    video = lost(clip("faststart", seconds=2.0))
    with pytest.raises(NotRepaired, match="a different file now"):
        repair(video, fetch_seconds=10)
    assert tree() == {}


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"status": 410}, NotRepaired, "410"),
        ({"body": b"<html>", "content_type": "text/html"}, NotRepaired, "a page came"),
        ({"status": 503}, NoAnswer, "503"),
    ],
)
def test_a_url_that_brings_nothing_leaves_all_as_it_was(
    answer: dict[str, object], kind: type[NotRepaired], words: str, lost: Callable[..., Video]
) -> None:
    video = lost(**answer)
    video.path.write_bytes(b"damaged")
    with pytest.raises(NotRepaired, match=words) as error:
        repair(video, fetch_seconds=10)
    assert type(error.value) is kind
    assert tree() == {str(video.file): b"damaged"}


def test_a_url_that_the_task_heard_later_is_tried_too(lost: Callable[..., Video], httpserver: HTTPServer) -> None:
    video = lost(status=410)
    httpserver.expect_request("/fresh.mp4").respond_with_data(GOOD(), content_type="video/mp4")
    video.task.result_urls = [httpserver.url_for("/fresh.mp4")]
    repair(video, fetch_seconds=10)
    assert tree() == {str(video.file): GOOD()}


def test_the_trouble_with_each_url_is_told(lost: Callable[..., Video]) -> None:
    video = lost(status=503)
    video.task.result_urls = ["http://127.0.0.1:9/elsewhere.mp4"]
    with pytest.raises(NoAnswer, match=r"503; http://127.0.0.1:9 is not among RESULT_ORIGINS"):
        repair(video, fetch_seconds=10)


def test_each_result_has_its_own_url() -> None:
    task = a_task(Status.STORED, result_urls=["http://127.0.0.1:9/0.mp4", "http://127.0.0.1:9/1.mp4"])
    known = a_complete_video(task, position=1, source_url="http://127.0.0.1:9/1.mp4")
    assert list(repairing.source_urls(known)) == ["http://127.0.0.1:9/1.mp4"]
    blanked = a_complete_video(task, position=0, source_url="")
    assert list(repairing.source_urls(blanked)) == ["http://127.0.0.1:9/0.mp4"]
    assert list(repairing.source_urls(Video(task=task, position=2))) == []


def test_where_no_url_is_known_that_is_the_reason(httpserver: HTTPServer) -> None:
    video = a_complete_video(a_task(Status.STORED, result_urls=[]), source_url="")
    with pytest.raises(NotRepaired, match="no source URL"):
        repair(video, fetch_seconds=10)


def test_no_host_is_asked_that_is_not_allowed(
    lost: Callable[..., Video], settings: Settings, httpserver: HTTPServer
) -> None:
    settings.RESULT_ORIGINS = ["r2.apixo.ai"]
    with pytest.raises(NotRepaired):
        repair(lost(), fetch_seconds=10)
    assert httpserver.log == []


def test_without_time_nothing_is_fetched(lost: Callable[..., Video], httpserver: HTTPServer) -> None:
    with pytest.raises(NoAnswer, match="not fetched again in this run"):
        repair(lost(), fetch_seconds=0)
    assert httpserver.log == []


@pytest.mark.parametrize("name", ["../outside.mp4", "/tmp/outside.mp4", "tmp/x.part"])  # noqa: S108
def test_a_wrong_row_makes_nothing_be_written(name: str, lost: Callable[..., Video], media_root: Path) -> None:
    video = lost()
    Video.objects.filter(pk=video.pk).update(file=name, poster=name)
    video.refresh_from_db()
    with pytest.raises(NotRepaired):
        repair(video, fetch_seconds=10)
    assert not repairing.make_posters(video)
    assert tree() == {}
    assert not (media_root.parent / "outside.mp4").exists()


def test_a_folder_in_its_place_is_left_to_a_person(lost: Callable[..., Video]) -> None:
    video = lost()
    video.path.mkdir()
    with pytest.raises(NotRepaired, match="the disk refuses"):
        repair(video, fetch_seconds=10)
    assert tree() == {}


def test_what_is_in_quarantine_is_taken_from_there_and_nobody_is_asked(
    lost: Callable[..., Video], httpserver: HTTPServer
) -> None:
    video = lost()
    a_file(f"quarantine/2026-11-19/{video.file}", GOOD())
    a_file(f"quarantine/2026-11-20/{video.file}", b"not the one")
    repair(video, fetch_seconds=10)
    assert tree() == {str(video.file): GOOD(), f"quarantine/2026-11-20/{video.file}": b"not the one"}
    assert httpserver.log == []


def test_a_start_image_comes_back_from_quarantine_only_with_its_own_bytes() -> None:
    image = an_image(b"a picture")
    name = str(image.file.name)
    assert image.sha256 == hashlib.sha256(b"a picture").hexdigest()
    Path(image.file.path).unlink()
    assert not store.restore(name, sha256=image.sha256)
    a_file(f"quarantine/2026-11-19/{name}", b"another")
    assert not store.restore(name, sha256=image.sha256)
    a_file(f"quarantine/2026-11-20/{name}", b"a picture")
    assert store.restore(name, sha256=image.sha256)
    assert tree()[name] == b"a picture"


def test_a_poster_is_made_again_at_its_name_and_the_small_one_beside_it() -> None:
    video = a_complete_video(content=GOOD(), poster="posters/2026/a.jpg")
    assert repairing.make_posters(video)
    made = tree()
    for name in ("posters/2026/a.jpg", "posters/2026/a-320.jpg"):
        assert made.pop(name).startswith(b"\xff\xd8")
    video.refresh_from_db()
    assert video.poster_small == "posters/2026/a-320.jpg"
    assert list(made) == [str(video.file)]  # and nothing half done is left


def test_a_poster_that_a_person_chose_is_made_again_of_the_same_frame() -> None:
    video = a_complete_video(content=GOOD(), poster="posters/2026/a.jpg", poster_seconds=0.9)
    assert repairing.make_posters(video)
    assert tree()[str(video.poster)] == clips.poster(video.path, seconds=0.9).poster
    assert tree()[str(video.poster)] != clips.poster(video.path).poster


def test_a_clip_without_a_picture_gets_no_poster() -> None:
    video = a_complete_video(content=b"not a clip", poster="posters/2026/a.jpg")
    assert not repairing.make_posters(video)
    assert list(tree()) == [str(video.file)]
