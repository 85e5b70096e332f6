"""Uploads, files, JSON and callbacks that nobody would send by accident: each gets an answer, and none a server error.

CI sends some of each; `python -m pytest tests/test_hostile_input.py --hypothesis-profile=long` sends 5,000 of each.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generations.models import Delivery, DeliveryMode, Status
from tests.clips import png
from tests.factories import a_prompt, a_task, a_video

pytestmark = pytest.mark.django_db
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
FEW = 30


def some(test: Any) -> Any:
    """Run a test with FEW examples, or as many as a longer profile says."""
    many = settings.default.max_examples if settings.default else 0
    quiet = [HealthCheck.function_scoped_fixture, *SLOW]
    return settings(max_examples=many if many > 1000 else FEW, suppress_health_check=quiet)(test)


texts = st.text(max_size=60) | st.sampled_from(
    ["\0", "..", "../../etc/passwd", "9" * 400, "-1", "1e999", "NaN", "‮", "%00"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
envelopes = st.fixed_dictionaries(
    {}, optional={"code": values, "message": values, "taskId": values, "state": values, "data": values}
)


def cut_and_changed(content: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that begin like a good file, are cut somewhere, and have a stretch of others within."""
    places = st.integers(0, len(content))

    def changed(at: int, middle: bytes, end: int) -> bytes:
        return (content[:at] + middle + content[at + len(middle) :])[: max(end, 1)]

    return st.builds(changed, places, st.binary(max_size=40), places) | st.binary(min_size=1, max_size=300)


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
