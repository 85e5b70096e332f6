"""Uploads, files, JSON and callbacks that nobody would send by accident: each gets an answer, and none a server error.

CI sends some of each; `python -m pytest tests/test_hostile_input.py --hypothesis-profile=long` sends 5,000 of each.
"""

from __future__ import annotations

import io
import json
import socket
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from generations.library import collections, prompt_files
from generations.media.origins import NotAllowed
from generations.models import Delivery, DeliveryMode, Endpoint, Status
from generations.notices.posting import check_address, post
from generations.reports.export import as_xlsx
from tests.clips import png
from tests.factories import NOW, a_prompt, a_task, a_video
from tests.hostile import cut_and_changed, envelopes, some, texts, values

pytestmark = pytest.mark.django_db


@pytest.fixture
def anyone() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def staff(admin_client: Client) -> Client:
    admin_client.raise_request_exception = False
    return admin_client


@some
@given(body=st.binary(max_size=500) | (values | envelopes).map(lambda value: json.dumps(value).encode()))
def test_callbacks(anyone: Client, body: bytes) -> None:
    task = a_task(Status.RUNNING, delivery=DeliveryMode.CALLBACK)
    path = task.callback_url().removeprefix("http://127.0.0.1:8000")
    assert anyone.post(path, body, content_type="application/json").status_code < 500
    Delivery.objects.filter(task=task).delete()


@some
@given(path=texts, token=texts, wanted=st.sampled_from(["bytes=", "bytes=-", "items=0-", ""]), span=texts)
def test_files(staff: Client, path: str, token: str, wanted: str, span: str) -> None:
    clip = a_video()
    heads = {"range": (wanted + span).encode("ascii", "ignore").decode().replace("\n", "").replace("\r", "")}
    for url in (f"/media/{path}", f"/reference/{token}.png", f"/s/{token}/media/{path}", clip.url):
        response = staff.get(url, headers=heads)
        assert response.status_code < 500
        if response.streaming:
            list(response)  # to its end, which closes the file


@some
@given(
    name=st.sampled_from(["rating", "favourite", "decision", "comments", "choose", "poster"]), given=values, key=texts
)
def test_json_and_forms(staff: Client, name: str, given: Any, key: str) -> None:
    clip = a_video()
    words = given if isinstance(given, str) else json.dumps(given)
    fields = {key: words, name: words, "text": words, "at": words, "rating": words, "seconds": words, "decision": words}
    for accept in ("application/json", "text/html"):
        path = f"{clip.get_absolute_url()}{name}/"
        assert staff.post(path, fields, headers={"accept": accept}).status_code < 500
        assert staff.post(path, words.encode(), content_type="application/json").status_code < 500


@some
@given(content=cut_and_changed(png()), url=texts)
def test_pictures_of_orders(staff: Client, content: bytes, url: str) -> None:
    page = reverse("admin:generations_prompt_generate", args=[a_prompt().pk])
    picture = SimpleUploadedFile("start.png", content, content_type="image/png")
    order = {
        "provider": "apixo",
        "model": "kling-2-1",
        "mode": "pro-image-to-video",
        "prompt": "gulls",
        "duration": "5",
    }
    sent = staff.post(page, {**order, "start_image": picture, "end_image_url": url, "takes": "1"})
    assert sent.status_code < 500


TABLE = b"title,text,tags\nGulls,gulls at dawn,sea\n"


@some
@given(content=cut_and_changed(TABLE), ending=st.sampled_from(["csv", "xlsx"]))
def test_tables_of_prompts_and_orders(staff: Client, content: bytes, ending: str) -> None:
    file = SimpleUploadedFile(f"table.{ending}", content)
    assert staff.post(reverse("admin:generations_prompt_import"), {"file": file}).status_code < 500
    file.seek(0)
    assert staff.post("/admin/new/rows/", {"file": file, "rows": content.decode("utf-8", "replace")}).status_code < 500


@pytest.fixture(scope="module")
def book() -> bytes:
    with as_xlsx(prompt_files.example()) as file:
        return file.read()


@some
@given(data=st.data())
def test_spreadsheets_of_prompts(staff: Client, book: bytes, data: st.DataObject) -> None:
    """Changed as a whole, and within one of their parts, which is packed again."""
    name = data.draw(st.sampled_from(["", *zipfile.ZipFile(io.BytesIO(book)).namelist()]))
    content = data.draw(cut_and_changed(zipfile.ZipFile(io.BytesIO(book)).read(name) if name else book))
    file = SimpleUploadedFile("table.xlsx", with_part(book, name, content) if name else content)
    assert staff.post(reverse("admin:generations_prompt_import"), {"file": file}).status_code < 500


def with_part(book: bytes, name: str, content: bytes) -> bytes:
    """Return a spreadsheet with another content in one of its parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return packed.getvalue()


ENDS = ("zip/", "cut.otio", "cut.edl")
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60) | (
    st.sampled_from(
        ["../../etc/passwd", "a\r\nSet-Cookie: b=c", '"; filename="x.exe', "con", "=1+1", "/", "-", "‮gpj.exe"]
    )
)


@some
@given(title=names, name=names)
def test_zips_and_cut_lists_of_any_title(staff: Client, title: str, name: str) -> None:
    clip = a_video(title=title)
    try:
        shown = collections.create(name, at=NOW)
    except ValidationError:
        return
    collections.add(shown, [clip])
    page = shown.get_absolute_url()
    for path in (page, *(f"{page}{end}" for end in ENDS), f"{clip.url}?download=1", f"/download/?v={clip.pk}"):
        answer = staff.get(path)
        body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200, path
        disposition = answer.get("Content-Disposition", "attachment")
        assert disposition.isascii() and disposition.isprintable() and not set("/\\") & set(disposition)
        if answer["Content-Type"] == "application/zip":
            with zipfile.ZipFile(io.BytesIO(body)) as packed:
                assert not packed.testzip()
                assert all(each.isprintable() and not set("/\\:") & set(each) for each in packed.namelist())
    shown.delete()


@some
@given(address=texts | st.builds("http{}://{}{}".format, st.sampled_from(["", "s"]), texts, texts))
def test_addresses_of_webhooks(staff: Client, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def look_up(*args: object, **kwargs: object) -> None:
        raise socket.gaierror

    form = {"address": address, "kinds": ["failed"], "active": "on"}
    assert staff.post(reverse("admin:generations_endpoint_add"), form).status_code < 500
    Endpoint.objects.all().delete()
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", look_up)
    assert post(address, b"{}", {}).error
    with suppress(NotAllowed):
        check_address(address)
