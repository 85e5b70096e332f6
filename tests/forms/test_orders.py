"""The order form: one set of rules and words for the page and the command."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from generations.forms.orders import OrderForm
from generations.forms.parameters import menu
from generations.lifecycle import ordering
from generations.models import ReferenceImage
from generations.providers.offers import OFFERS
from tests.clips import png
from tests.factories import NOW

pytestmark = pytest.mark.django_db

GOOD = {"prompt": "a lighthouse", "provider": "apixo", "model": "kling-2-5-turbo-pro", "mode": "text-to-video"}


def errors(**changes: Any) -> dict[str, list[Any]]:
    files: Any = {name: [changes.pop(name)] for name in ("start_image", "end_image") if name in changes}
    return {field: list(said) for field, said in OrderForm(GOOD | changes, MultiValueDict(files)).errors.items()}


def test_a_form_with_only_what_is_needed_is_a_good_order() -> None:
    form = OrderForm(GOOD)
    assert form.is_valid()
    (task,) = ordering.place([form.order_request(None)], at=NOW)
    assert (task.duration_seconds, task.sound, task.aspect_ratio) == (5, None, "")


def test_every_problem_stands_at_its_field() -> None:
    found = errors(duration="7", aspect_ratio="4:3", cfg_scale="1.05", sound="true", takes="0", prompt=" ")
    assert set(found) == {"duration", "aspect_ratio", "cfg_scale", "sound", "takes", "prompt"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("duration", "five"), ("cfg_scale", "much"), ("takes", "1.5"), ("takes", "1_0"), ("sound", "loud")],
)
def test_what_cannot_be_read_is_told_at_its_field_and_nowhere_else(field: str, value: str) -> None:
    assert list(errors(**{field: value})) == [field]


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("no", False), ("", None), (True, True), (False, False)])
def test_sound_is_with_without_or_not_said(said: Any, meant: bool | None) -> None:
    form = OrderForm(GOOD | {"model": "kling-2-6", "sound": said})
    assert form.is_valid() is (meant is not None)
    assert form.order().sound is meant


def test_a_picture_is_checked_by_its_content() -> None:
    fake = SimpleUploadedFile("cat.png", b"GIF89a" + b"\0" * 100, content_type="image/png")
    found = errors(mode="image-to-video", start_image=fake)
    assert list(found) == ["start_image"]
    assert len(found["start_image"]) == 1


def test_a_picture_and_a_url_at_once_are_one_too_many() -> None:
    upload = SimpleUploadedFile("cat.png", png())
    found = errors(mode="image-to-video", start_image=upload, start_image_url="https://example.com/cat.png")
    assert "not both" in found["start_image"][0]


def test_a_good_picture_is_kept_with_its_order_and_not_before() -> None:
    upload = SimpleUploadedFile("cat.png", png())
    form = OrderForm(GOOD | {"mode": "image-to-video"}, MultiValueDict({"start_image": [upload]}))
    assert form.is_valid()
    assert not ReferenceImage.objects.exists()
    (task,) = ordering.place([form.order_request(None)], at=NOW)
    assert task.start_image == ReferenceImage.objects.get()


def test_the_menu_tells_the_page_what_each_offer_takes() -> None:
    rows = {(row["provider"], row["model"], row["mode"]): row for row in menu()}
    assert rows.keys() == OFFERS.keys()
    assert rows["apixo", "kling-2-6", "text-to-video"]["parameters"]["sound"]["required"] is True
    assert rows["apixo", "kling-2-1", "pro-image-to-video"]["parameters"]["images"]["max_items"] == 2
    assert rows["apikley", "kling-2-6", "text-to-video"]["parameters"]["aspect_ratio"]["required"] is True


def test_variables_are_filled_in_both_texts_and_a_wildcard_is_picked() -> None:
    texts = {"prompt": "a {{who}} in {rain|snow}", "negative_prompt": "no {{where}}"}
    form = OrderForm(GOOD | texts | {"var_who": "fox", "var_where": "fog", "batch": str(uuid.UUID(int=1))})
    assert form.is_valid(), form.errors
    assert (form.order().prompt, form.order().negative_prompt) == ("a fox in snow", "no fog")
    assert form.final and form.final.words == "13 of 2500 characters; one of 2 different texts"


def test_every_variable_without_a_value_is_named_at_the_field_of_its_text() -> None:
    found = errors(prompt="a {{who}} in {{where}}", negative_prompt="{{what", var_who="fox")
    assert found["prompt"] == ["the variable {{where}} has no value"]
    assert "is not closed" in found["negative_prompt"][0]


def test_a_value_that_makes_the_text_too_long_is_refused() -> None:
    assert "takes at most 2500 characters" in errors(prompt="a {{who}}", var_who="x" * 2500)["prompt"][0]


def test_a_form_starts_with_the_fields_of_its_prompt_and_a_text_without_variables_has_none() -> None:
    form = OrderForm(initial={"prompt": "a {{who}}", "var_who": "fox"})
    assert [(field.name, field.value()) for field in form.variables] == [("var_who", "fox")]
    assert form.final and form.final.text == "a fox"
    assert OrderForm(initial={"prompt": "a fox"}).final is None
