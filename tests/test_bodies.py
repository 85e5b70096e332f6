"""Bodies that are too large are refused by their length, before anything reads them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generations.webhooks import BODY_MAX_BYTES
from kling_site import bodies

pytestmark = pytest.mark.django_db

UPLOADS = ["/admin/new/", "/admin/new/rows/", "/admin/generations/prompt/import/"]


def a_file(size: int) -> SimpleUploadedFile:
    return SimpleUploadedFile("a.png", b"x" * size)


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Somebody without a session, on a site that may write no temporary file for them."""

    def no_file(*args: Any, **more: Any) -> None:
        raise AssertionError("a stranger's body reaches the disk")

    monkeypatch.setattr(uploadedfile.TemporaryUploadedFile, "__init__", no_file)
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("path", ["/login/", "/language/", *UPLOADS])
def test_a_stranger_may_send_one_megabyte_and_is_refused_before_csrf(path: str, stranger: Client) -> None:
    refused = stranger.post(path, {"file": a_file(3_000_000)})
    assert refused.status_code == 413
    assert b"At most 1 MB" in refused.content
    assert b"Nothing was changed" in refused.content
    assert stranger.post(path, {"file": a_file(900_000)}).status_code == 403


@pytest.mark.parametrize(
    ("path", "most", "said"),
    [
        ("/", bodies.MOST, "1 MB"),
        (UPLOADS[0], bodies.PICTURES, "22.5 MB"),
        ("/admin/generations/prompt/7/generate/", bodies.PICTURES, "22.5 MB"),
        (UPLOADS[1], bodies.TEXTS, "2.5 MB"),
        (UPLOADS[2], bodies.TEXTS, "2.5 MB"),
        ("/webhooks/apixo/token/", BODY_MAX_BYTES, "64 KiB"),
    ],
)
def test_each_address_has_its_limit(path: str, most: int, said: str, admin_client: Client) -> None:
    refused: Any = admin_client.generic("POST", path, b"x" * (most + 1), content_type="text/plain")
    assert (refused.status_code, said in refused.text) == (413, True)
    assert admin_client.generic("POST", path, b"x" * most, content_type="text/plain").status_code != 413


def test_a_picture_that_is_too_large_reaches_the_form_which_says_so(admin_client: Client) -> None:
    answer: Any = admin_client.post("/admin/new/", {"start_image": a_file(12_000_000)})
    assert answer.status_code == 200
    assert "at most 10 MB" in answer.text


def test_an_address_that_does_not_exist_has_the_limit_of_all(stranger: Client) -> None:
    assert stranger.post("/nowhere/", {"file": a_file(3_000_000)}).status_code == 413


@pytest.mark.parametrize("length", ["", "x", "-5", "1e9", "٣"])
def test_a_length_that_is_none_reads_nothing(length: str, stranger: Client) -> None:
    environ: Any = {"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(b"x" * 2_000_000)}
    assert stranger.generic("POST", "/login/", b"", **environ).status_code == 403


def test_only_the_session_of_somebody_who_signed_in_is_one(admin_client: Client) -> None:
    session = admin_client.cookies["sessionid"].value
    assert bodies.is_session(f"csrftoken=x; sessionid={session}")
    assert not bodies.is_session("sessionid=" + "a" * 32)
    assert not bodies.is_session("")
    guest = Client().session
    guest.save()
    assert not bodies.is_session(f"sessionid={guest.session_key}")
