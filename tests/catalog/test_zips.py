"""Clips are sent as one ZIP, which may be resumed."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from generations.catalog import zips
from generations.models import Video
from tests.catalog.conftest import body
from tests.factories import a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def clips() -> list[tuple[str, Video]]:
    return [(f"{n}.mp4", a_video(content=bytes([n]) * 300_000)) for n in range(3)]


def asked(**headers: str) -> HttpRequest:
    return RequestFactory().get("/", headers=headers)


def read(response: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(body(response)))


def test_a_zip_holds_the_files_as_they_are_and_says_its_length_beforehand(clips: Any) -> None:
    response = zips.send(asked(), clips, name="Été.zip", texts={"cut.edl": "TITLE: x\n"})
    content = body(response)
    assert int(response["Content-Length"]) == len(content)
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert archive.namelist() == ["0.mp4", "1.mp4", "2.mp4", "cut.edl"]
    assert archive.read("2.mp4") == b"\2" * 300_000
    assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%C3%89t%C3%A9.zip")


def test_a_download_that_broke_off_goes_on_where_it_was(clips: Any) -> None:
    complete = zips.send(asked(), clips, name="x.zip", texts={"a.txt": "a"})
    content = body(complete)
    for start in (0, 5, 299_999, 300_100, 700_000, len(content) - 3):
        rest = zips.send(
            asked(Range=f"bytes={start}-", If_Range=complete["ETag"]), clips, name="x.zip", texts={"a.txt": "a"}
        )
        assert rest.status_code == 206
        assert rest["Content-Range"] == f"bytes {start}-{len(content) - 1}/{len(content)}"
        assert body(rest) == content[start:]
    middle = zips.send(asked(Range="bytes=1000-1009"), clips, name="x.zip", texts={"a.txt": "a"})
    assert body(middle) == content[1000:1010]


def test_another_content_is_sent_from_the_start(clips: Any) -> None:
    etag = zips.send(RequestFactory().head("/"), clips, name="x.zip")["ETag"]
    response = zips.send(asked(Range="bytes=5-", If_Range=etag), clips[:2], name="x.zip")
    assert response.status_code == 200
    assert read(response).namelist() == ["0.mp4", "1.mp4"]


def test_a_range_behind_the_end_is_refused(clips: Any) -> None:
    assert zips.send(asked(Range="bytes=9000000-"), clips, name="x.zip").status_code == 416


def test_a_damaged_or_missing_clip_is_left_out_and_named(clips: Any) -> None:
    clips[0][1].path.unlink()
    clips[1][1].damage = "its file has other bytes than were stored"
    archive = read(zips.send(asked(), clips, name="x.zip"))
    assert archive.namelist() == ["2.mp4", "NOT INCLUDED.txt"]
    assert archive.read("NOT INCLUDED.txt").decode().splitlines() == [
        "0.mp4: its file is missing", "1.mp4: its file has other bytes than were stored",
    ]  # fmt: skip


def test_so_many_run_at_once_and_one_that_ended_or_broke_off_makes_room(clips: Any) -> None:
    running = [zips.send(asked(), clips, name="x.zip") for _ in range(zips.AT_ONCE)]
    busy = zips.send(asked(), clips, name="x.zip")
    assert (busy.status_code, busy["Retry-After"]) == (503, "60")
    for response in running:
        next(iter(response))
        response.close()
    for _ in range(zips.AT_ONCE + 1):
        assert zips.send(RequestFactory().head("/"), clips, name="x.zip").status_code == 200
