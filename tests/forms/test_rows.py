"""The rows of a CSV: what they order, and what is said of each that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from generations.forms.many import MOST_ORDERS
from generations.forms.rows import EXAMPLE, RowsForm
from tests.factories import a_campaign

pytestmark = pytest.mark.django_db

HEAD = "prompt,model,mode,duration,ratio,sound,takes"
GOOD = "a fox,kling-2-5-turbo-pro,text-to-video,5,16:9,,2"


def a_form(*rows: str, content: bytes | None = None, **fields: str) -> RowsForm:
    data = QueryDict(mutable=True)
    data.update({"rows": "\n".join(rows), **fields})
    return RowsForm.sent(data, None if content is None else SimpleUploadedFile("clips.csv", content))


def wrong(*rows: str, **changes: Any) -> list[str]:
    form = a_form(*rows, **changes)
    assert not form.is_valid()
    return [str(text) for texts in form.errors.values() for text in texts]


def test_each_row_is_an_order_with_its_takes_and_the_campaign_of_all() -> None:
    campaign = a_campaign()
    form = a_form(HEAD, GOOD, "", '"a crane, grey",Kling 2.6,Text to video,10,9:16,yes,', campaign=campaign.slug)
    assert form.is_valid(), form.errors
    first, second = form.requests
    assert (first.order.prompt, first.takes, first.order.sound, first.order.aspect_ratio) == ("a fox", 2, None, "16:9")
    assert (second.order.prompt, second.takes, second.order.sound) == ("a crane, grey", 1, True)
    assert (second.order.model, second.order.mode, second.order.provider) == ("kling-2-6", "text-to-video", "apixo")
    assert {each.campaign for each in form.requests} == {campaign}


def test_the_example_is_good() -> None:
    form = a_form(EXAMPLE)
    assert form.is_valid(), form.errors
    assert [each.takes for each in form.requests] == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_file_of_a_spreadsheet_is_read_as_it_comes(encoding: str, between: str) -> None:
    text = f"{HEAD}\r\n{GOOD}\r\n".replace(",", between).replace("fox", "füchsin")
    form = a_form(content=text.encode(encoding))
    assert form.is_valid(), form.errors
    assert form.requests[0].order.prompt == "a füchsin"


def test_every_wrong_row_is_named_at_once_as_a_spreadsheet_counts() -> None:
    found = wrong(HEAD, GOOD, "a fox,kling-2-5-turbo-pro,text-to-video,7,16:9,,", "{{who}},sora,text-to-video,5,,,x")
    assert [text.split(":")[0] for text in found] == [
        "row 3, duration",
        "row 4, takes",
        "row 4, prompt",
        "row 4, model",
    ]
    assert "takes 5 or 10 seconds, not 7" in found[0]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([""], "choose a file"),
        ([HEAD], "no row below"),
        (["prompt,colour", "a fox,red"], "there is no column “colour”"),
        (["prompt,text", "a fox,a crane"], "the column prompt is there twice"),
        ([HEAD, f"{GOOD},more"], "row 2 has 8 cells, and there are 7 columns"),
        ([HEAD, '"a fox'], "unexpected end of data"),
        ([HEAD, *[GOOD] * (MOST_ORDERS + 1)], f"at most {MOST_ORDERS} rows"),
    ],
)
def test_what_is_no_table_of_orders_is_refused(rows: list[str], text: str) -> None:
    assert text in wrong(*rows)[0]


def test_a_file_that_is_no_text_is_refused() -> None:
    (text,) = wrong(content=b"PK\x03\x04\xff\xfe\xfd")
    assert text == "the file is no UTF-8 text: save it as “CSV UTF-8”"
