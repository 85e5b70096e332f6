"""Ordering the rows of a CSV: all or nothing, through one receipt, into one batch."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.models import Batch, GenerationTask
from tests.admin.receipts import confirm
from tests.factories import a_price

pytestmark = pytest.mark.django_db

PAGE = reverse("new_clip_rows")
ROWS = """\
prompt,model,mode,duration,takes
a fox,kling-2-5-turbo-pro,text-to-video,5,2
a crane,kling-2-5-turbo-pro,text-to-video,5,1
"""


@pytest.fixture(autouse=True)
def priced(db: None) -> None:
    a_price("0.30", valid_from="2026-02-01")


def send(client: Client, rows: str = ROWS, **fields: Any) -> Any:
    return client.post(PAGE, {"rows": rows, **fields}, follow=True)


def test_only_those_who_may_order_get_in(viewer_client: Client, buyer_client: Client) -> None:
    for page in (PAGE, reverse("new_clip_rows_example")):
        assert (viewer_client.get(page).status_code, buyer_client.get(page).status_code) == (403, 200)
    assert viewer_client.post(PAGE, {"rows": ROWS}).status_code == 403


def test_a_file_is_ordered_as_one_batch_after_one_receipt(buyer_client: Client) -> None:
    receipt = send(buyer_client, "", file=SimpleUploadedFile("clips.csv", ROWS.encode()))
    assert receipt.context["button"] == "Order 3 clips, $0.90"
    assert not GenerationTask.objects.exists()
    for _press in range(2):
        page = confirm(buyer_client, receipt)
    assert page.redirect_chain[-1][0] == Batch.objects.get().get_absolute_url()
    assert sorted(GenerationTask.objects.values_list("prompt_text", "take")) == [
        ("a crane", 1), ("a fox", 1), ("a fox", 2),
    ]  # fmt: skip


def test_one_wrong_row_stops_all_and_what_was_sent_is_still_there(buyer_client: Client) -> None:
    rows = f"{ROWS}a crow,kling-2-5-turbo-pro,text-to-video,7,1\n"
    page = send(buyer_client, "", file=SimpleUploadedFile("clips.csv", rows.encode())).content.decode()
    assert "Nothing was ordered. Nothing was charged." in page
    assert "Row 4, duration: Kling 2.5 Turbo Pro on APIXO takes 5 or 10 seconds, not 7" in page
    assert "a crow,kling-2-5-turbo-pro" in page


def test_a_row_that_only_the_receipt_finds_wrong_stops_all_too(
    buyer_client: Client, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.PUBLIC_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/a.png").respond_with_data(b"no picture", content_type="image/png")
    rows = (
        "prompt,model,mode,duration,start_image\n"
        "a fox,kling-2-5-turbo-pro,text-to-video,5,\n"
        f"a crane,kling-2-5-turbo-pro,image-to-video,5,{httpserver.url_for('/a.png')}\n"
    )
    page = send(buyer_client, rows)
    assert "Row 3, start image:" in page.content.decode()
    assert "token" not in page.context


def test_an_amount_to_spend_drops_the_last_clips_and_says_so(buyer_client: Client) -> None:
    receipt = send(buyer_client, spend_at_most="0.60", stops_batch="on")
    assert receipt.context["button"] == "Order 2 clips, $0.60"
    confirm(buyer_client, receipt)
    assert GenerationTask.objects.count() == 2
    assert Batch.objects.get().stops_when_approved


def test_what_was_sent_is_there_when_it_is_changed(buyer_client: Client) -> None:
    receipt = send(buyer_client)
    form = buyer_client.get(receipt.context["change_url"]).context["form"]
    assert form["rows"].value() == ROWS


def test_the_example_is_a_file_to_keep(buyer_client: Client) -> None:
    answer = buyer_client.get(reverse("new_clip_rows_example"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="clips.csv"'
    assert answer.content.decode().startswith("prompt,model,mode")
