"""Many orders from one form: all that is chosen is multiplied, and what an offer does not take has its reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from generations.forms.many import MOST_ORDERS, ManyForm
from generations.lifecycle import ordering
from tests.admin.receipts import filled
from tests.factories import NOW, a_prompt

pytestmark = pytest.mark.django_db

TEXT = "{{subject}} at {{time}}"
VALUES = "subject: a red fox\nsubject: a grey crane\ntime: dawn"


def a_form(**changes: Any) -> ManyForm:
    data = QueryDict(mutable=True)
    for name, value in filled(**changes).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return ManyForm(data)


def wrong(**changes: Any) -> dict[str, list[str]]:
    return {name: [str(text) for text in texts] for name, texts in a_form(**changes).errors.items()}


def test_texts_durations_and_ratios_are_multiplied_and_each_order_has_its_takes() -> None:
    form = a_form(prompt=TEXT, values=VALUES, also_duration=["10"], aspect_ratio="16:9",
                  also_aspect_ratio=["9:16", "16:9"], takes="3")  # fmt: skip
    assert form.is_valid(), form.errors
    found = form.requests(None)
    assert form.axes() == [("text", 2), ("duration", 2), ("aspect ratio", 2)]
    assert {each.order.prompt for each in found} == {"a red fox at dawn", "a grey crane at dawn"}
    assert {(each.order.duration_seconds, each.order.aspect_ratio) for each in found} == {
        (seconds, ratio) for seconds in (5, 10) for ratio in ("16:9", "9:16")
    }
    assert (len(found), {each.takes for each in found}) == (8, {3})
    assert not any(ordering.problems(each) for each in found)


def test_the_value_of_a_variable_s_own_field_comes_before_its_further_ones() -> None:
    form = a_form(prompt=TEXT, values=VALUES, var_subject="an owl", var_time="dawn", negative_prompt="no {{time}}")
    assert form.is_valid(), form.errors
    assert form.number_of_texts == 3
    found = form.requests(None)
    assert [each.order.prompt for each in found] == ["an owl at dawn", "a red fox at dawn", "a grey crane at dawn"]
    assert {each.order.negative_prompt for each in found} == {"no dawn"}


def test_each_take_of_a_text_with_wildcards_is_another_text_as_long_as_there_is_one() -> None:
    form = a_form(prompt="a {red|grey} fox", takes="3", also_duration=["10"])
    assert form.is_valid(), form.errors
    found = sorted((each.order.prompt, each.order.duration_seconds) for each in form.requests(None))
    assert found == [(text, seconds) for text in ("a grey fox", "a red fox") for seconds in (5, 10)]
    assert sorted(each.takes for each in form.requests(None)) == [1, 1, 2, 2]
    assert {each.template for each in form.requests(None)} == {"a {red|grey} fox"}


def test_all_texts_of_one_template_belong_to_one_prompt() -> None:
    form = a_form(prompt=TEXT, values=VALUES)
    assert form.is_valid(), form.errors
    tasks = [task for each in form.requests(None) for task in ordering.place([each], at=NOW)]
    assert {task.prompt.text for task in tasks} == {TEXT}
    assert len({task.prompt_id for task in tasks}) == 1
    own = a_prompt(text=TEXT)
    assert {each.prompt for each in form.requests(own)} == {own}


def test_another_offer_gets_what_it_takes_and_starts_silent() -> None:
    form = a_form(also_offer=["apixo kling-2-6 text-to-video"], cfg_scale="0.5")
    assert form.is_valid(), form.errors
    own, other = form.requests(None)
    assert (own.order.model, own.order.cfg_scale is None) == ("kling-2-5-turbo-pro", False)
    assert (other.order.model, other.order.sound, other.order.cfg_scale) == ("kling-2-6", False, None)
    assert not ordering.problems(other)


def test_a_combination_that_an_offer_does_not_take_stays_with_its_reason() -> None:
    form = a_form(also_offer=["apixo kling-2-6 image-to-video"], aspect_ratio="16:9")
    assert form.is_valid(), form.errors
    _own, other = form.requests(None)
    assert "aspect_ratio" in ordering.problems(other)


def test_a_plain_form_makes_the_one_order_that_it_says() -> None:
    form = a_form()
    assert form.is_valid(), form.errors
    assert (form.is_many, form.requests(None)) == (False, [form.order_request(None)])


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"prompt": TEXT}, "prompt", "the variable {{subject}} has no value"),
        ({"prompt": TEXT, "values": "subject: a fox"}, "prompt", "the variable {{time}} has no value"),
        ({"values": "subject: a fox"}, "values", "the text has no variable {{subject}}"),
        ({"prompt": TEXT, "values": "a fox"}, "values", "“a fox” is no value"),
        ({"prompt": "{{a fox at dawn"}, "prompt", "is not closed"),
        ({"also_duration": ["99"]}, "also_duration", "99"),
        ({"also_offer": ["apixo sora text-to-video"]}, "also_offer", "sora"),
    ],
)
def test_what_cannot_be_multiplied_is_said_at_its_field(changes: dict[str, Any], field: str, text: str) -> None:
    assert text in " ".join(wrong(**changes)[field])


def test_too_many_different_orders_are_refused_before_they_are_made() -> None:
    assert "different orders" in wrong(prompt="{a|b|c|d} {e|f|g|h} {i|j|k|l} {m|n|o|p}", takes="250")["__all__"][0]
    lines = [f"{name}: {number}" for name in ("subject", "time") for number in range(1000)]
    (text,) = wrong(prompt=TEXT, values="\n".join(lines))["__all__"]
    assert text == f"these are 1,000,000 different orders; at most {MOST_ORDERS} at a time"


def test_the_form_starts_in_the_first_variable_without_a_value_and_names_them_in_its_example() -> None:
    form = ManyForm(initial={"prompt": TEXT, "var_subject": "a red fox"})
    starts = [name for name, field in form.fields.items() if "autofocus" in field.widget.attrs]
    assert starts == ["var_time"]
    assert form.fields["values"].widget.attrs["placeholder"] == "subject: …\ntime: …"
    assert "autofocus" in ManyForm(initial={"prompt": "a red fox"}).fields["prompt"].widget.attrs
