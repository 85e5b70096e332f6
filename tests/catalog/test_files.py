"""Answers with a file, through the media view, over a real file."""

import os
import warnings
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from django.utils.http import http_date

from generations.catalog.files import CHUNK_BYTES, serve
from generations.models import Video
from tests.catalog.conftest import body, with_poster
from tests.factories import a_video
from tests.trees import a_file

CONTENT = bytes(range(256)) * 4  # 1024 bytes, each known by its place
MODIFIED = 1_790_000_000


@pytest.fixture
def video(db: None) -> Video:
    video = with_poster(a_video(content=CONTENT))
    for name in (video.file, video.poster):
        os.utime(Path(name.path), (MODIFIED, MODIFIED))
    return video


@pytest.fixture
def get(visitor: Client, video: Video) -> Any:
    def ask(method: str = "get", path: str = video.url, **headers: str) -> Any:
        return getattr(visitor, method)(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return ask


def test_without_a_range_the_whole_file_comes(get: Any) -> None:
    response = get()
    assert response.status_code == 200
    assert body(response) == CONTENT
    assert response["Content-Length"] == "1024"
    assert response["Content-Type"] == "video/mp4"
    assert response["Accept-Ranges"] == "bytes"
    assert "Content-Range" not in response


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=0-", 0, 1024), ("bytes=100-199", 100, 200), ("bytes=-24", 1000, 1024), ("bytes=1000-9999", 1000, 1024)],
)
def test_a_range_brings_just_those_bytes(get: Any, wanted: str, start: int, stop: int) -> None:
    response = get(range=wanted)
    assert response.status_code == 206
    assert body(response) == CONTENT[start:stop]
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/1024"
    assert response["Content-Length"] == str(stop - start)
    assert response["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=-0", "bytes=5000-6000"])
def test_a_range_beyond_the_file_is_refused_with_its_size(get: Any, wanted: str) -> None:
    response = get(range=wanted)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"
    assert not body(response)


@pytest.mark.parametrize("wanted", ["bytes=9-2", "bytes=x", "bytes=0-1,4-5", "pages=1-2"])
def test_a_range_that_is_not_understood_is_ignored(get: Any, wanted: str) -> None:
    response = get(range=wanted)
    assert response.status_code == 200
    assert body(response) == CONTENT


def test_a_range_holds_for_get_only(get: Any) -> None:
    response = get("head", range="bytes=0-9")
    assert response.status_code == 200
    assert response["Content-Length"] == "1024"


def test_head_says_what_get_would_and_sends_nothing(get: Any) -> None:
    response = get("head")
    assert (response.status_code, response.content) == (200, b"")
    whole = get()
    for header in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges"):
        assert response[header] == whole[header]


def test_a_clips_etag_is_its_hash(get: Any, video: Video) -> None:
    assert get()["ETag"] == f'"{video.sha256}"'


def test_a_posters_etag_changes_with_the_file(get: Any, video: Video) -> None:
    first = get(path=video.poster_url)["ETag"]
    assert first == get(path=video.poster_url)["ETag"]
    Path(video.poster.path).write_bytes(b"another")
    assert get(path=video.poster_url)["ETag"] != first


def test_what_the_browser_has_is_not_sent_again(get: Any, video: Video) -> None:
    for known in (f'"{video.sha256}"', f'W/"{video.sha256}"', f'"other", "{video.sha256}"', "*"):
        response = get(if_none_match=known)
        assert response.status_code == 304, known
        assert not body(response)
        assert response["ETag"] == f'"{video.sha256}"'
        assert "private" in response["Cache-Control"]


def test_another_etag_brings_the_file(get: Any) -> None:
    assert get(if_none_match='"other"').status_code == 200


@pytest.mark.parametrize(("offset", "status"), [(0, 304), (60, 304), (-60, 200)])
def test_a_file_is_sent_when_it_changed_since(get: Any, offset: int, status: int) -> None:
    assert get(if_modified_since=http_date(MODIFIED + offset)).status_code == status


def test_the_etag_outranks_the_date(get: Any) -> None:
    assert get(if_none_match='"other"', if_modified_since=http_date(MODIFIED)).status_code == 200


def test_a_changed_file_fails_the_precondition(get: Any) -> None:
    assert get(if_match='"other"').status_code == 412
    assert get(if_unmodified_since=http_date(MODIFIED - 60)).status_code == 412


def test_what_is_known_is_not_sent_in_parts_either(get: Any, video: Video) -> None:
    assert get(range="bytes=0-9", if_none_match=f'"{video.sha256}"').status_code == 304


def test_if_range_continues_the_same_file(get: Any, video: Video) -> None:
    for same in (f'"{video.sha256}"', http_date(MODIFIED)):
        assert get(range="bytes=500-", if_range=same).status_code == 206, same


def test_if_range_starts_over_when_the_file_is_another(get: Any, video: Video) -> None:
    for other in ('"other"', f'W/"{video.sha256}"', http_date(MODIFIED - 1), http_date(MODIFIED + 1), "nonsense"):
        response = get(range="bytes=500-", if_range=other)
        assert response.status_code == 200, other
        assert body(response) == CONTENT
        # A range beyond the file is no error either: it is not looked at.
        assert get(range="bytes=5000-", if_range=other).status_code == 200


def test_files_are_private_and_never_a_page_of_ours(get: Any, video: Video) -> None:
    for path in (video.url, video.poster_url):
        response = get(path=path)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"].startswith("private")
        policy = response["Content-Security-Policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "sandbox allow-same-origin" in policy  # and not allow-scripts
        assert not [rule for rule in policy if rule.startswith("script-src")]
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_missing_file_is_a_404_and_an_error_in_the_log(
    get: Any, video: Video, caplog: pytest.LogCaptureFixture
) -> None:
    video.path.unlink()
    assert get().status_code == 404
    assert str(video.file) in caplog.text
    assert "ERROR" in caplog.text


def test_a_folder_is_no_file(rf: RequestFactory, media_root: Path) -> None:
    (media_root / "videos/folder").mkdir(parents=True)
    with pytest.raises(Http404):
        serve(rf.get("/"), "videos/folder")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("get", {}),
        ("get", {"range": "bytes=0-9"}),
        ("get", {"range": "bytes=9999-"}),
        ("get", {"if_none_match": "*"}),
        ("head", {}),
    ],
)
def test_the_file_is_closed_whatever_the_answer(get: Any, video: Video, method: str, headers: Any) -> None:
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        response = get(method, **headers)
        response.close()
    # Of this test's file: what others left to the garbage collector is their business.
    assert not [str(warning.message) for warning in left_open if str(video.path) in str(warning.message)]
    assert str(video.path) not in open_files()


@pytest.mark.django_db
def test_the_file_is_closed_when_the_browser_leaves_early(rf: RequestFactory) -> None:
    path = a_file("videos/long.mp4", bytes(3 * CHUNK_BYTES))
    response = serve(rf.get("/"), "videos/long.mp4")
    chunks = iter(response)
    assert len(next(chunks)) == CHUNK_BYTES
    assert str(path) in open_files()
    response.close()
    assert str(path) not in open_files()


def test_a_long_file_comes_in_chunks(rf: RequestFactory) -> None:
    a_file("videos/long.mp4", bytes(2 * CHUNK_BYTES + 7))
    assert [len(chunk) for chunk in serve(rf.get("/"), "videos/long.mp4")] == [CHUNK_BYTES, CHUNK_BYTES, 7]


def open_files() -> set[str]:
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.add(os.readlink(link))
        except OSError:
            continue
    return found
