"""Static files of a site without DEBUG: there without a collectstatic step, and gzipped for those who take it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from kling_site import static

STYLES = "admin/css/base.css"


@pytest.fixture(autouse=True)
def copies(settings: Settings, tmp_path: Path) -> Path:
    static.gzipped.cache_clear()
    folder = tmp_path / "gzip"
    settings.STATIC_COPIES = folder
    return folder


def fetched(encodings: str) -> tuple[str, bytes]:
    answer: Any = Client().get(f"/static/{STYLES}", headers={"accept-encoding": encodings})
    assert answer.status_code == 200
    return answer.get("Content-Encoding", ""), b"".join(answer.streaming_content)


def test_it_is_gzipped_for_those_who_take_it() -> None:
    content = Path(str(finders.find(STYLES))).read_bytes()
    assert fetched("identity") == ("", content)
    encoding, body = fetched("gzip, br")
    assert (encoding, gzip.decompress(body)) == ("gzip", content)
    assert len(body) < len(content) / 2


def test_where_no_copy_can_be_written_it_is_served_as_it_is(copies: Path) -> None:
    copies.write_text("a file in the place of the folder")
    assert fetched("gzip")[0] == ""
