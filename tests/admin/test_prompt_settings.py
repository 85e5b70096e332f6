"""The settings that a prompt carries: saved from the Generate page, which then starts from them; and its variables."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.models import GenerationTask, LastChoice, Prompt
from tests.admin.conftest import person
from tests.admin.receipts import confirm, filled, url
from tests.factories import a_prompt

SAVE, FORGET = ({"settings_of_the_prompt": verb} for verb in ("save", "forget"))


def settings_of(prompt: Prompt) -> dict[str, str]:
    prompt.refresh_from_db()
    return dict(prompt.defaults)


def test_settings_are_saved_with_the_prompt_and_nothing_is_ordered(buyer_client: Client, said: Any) -> None:
    prompt = a_prompt()
    page = buyer_client.post(url(prompt), filled(aspect_ratio="9:16", sound="true", prompt="my words") | SAVE)
    assert settings_of(prompt) == {
        "provider": "apixo", "model": "kling-2-5-turbo-pro", "mode": "text-to-video", "duration": "5",
        "aspect_ratio": "9:16",
    }  # fmt: skip
    assert said(page)[0].startswith("Settings saved with the prompt: Kling 2.5 Turbo Pro at APIXO, Text to video, 5 s")
    assert page.context["form"]["prompt"].value() == "my words"
    assert not GenerationTask.objects.exists()


def test_generate_starts_from_the_prompt_s_settings_and_not_from_the_last_choice(
    buyer_client: Client, buyer: User
) -> None:
    LastChoice.objects.remember(buyer, {"provider": "apixo", "model": "kling-2-1", "mode": "master-text-to-video"})
    chosen = {"provider": "apixo", "model": "kling-2-6", "mode": "text-to-video", "duration": "10", "sound": "true"}
    page = buyer_client.get(url(a_prompt(defaults=chosen | {"aspect_ratio": "no such"})))
    form = page.context["form"]
    assert {name: str(form[name].value()) for name in chosen} == chosen
    assert form["aspect_ratio"].value() != "no such"
    assert "Generate starts from Kling 2.6 at APIXO, Text to video, 10 s" in page.content.decode()
    assert buyer_client.get(url(a_prompt())).context["form"]["model"].value() == "kling-2-1"


def test_settings_are_forgotten(buyer_client: Client, said: Any) -> None:
    prompt = a_prompt(defaults={"provider": "apixo", "model": "kling-2-6", "mode": "text-to-video"})
    page = buyer_client.post(url(prompt), filled() | FORGET)
    assert settings_of(prompt) == {}
    assert "no settings of its own any more" in said(page)[0]


def test_settings_that_the_model_does_not_take_are_named_and_not_saved(buyer_client: Client, said: Any) -> None:
    prompt = a_prompt()
    page = buyer_client.post(url(prompt), filled(duration="7") | SAVE)
    assert "The settings were not saved" in said(page)[0] and "not 7" in said(page)[0]
    assert settings_of(prompt) == {}


def test_one_who_may_not_change_prompts_saves_no_settings(client: Client, db: None) -> None:
    client.force_login(person("otto", "order_clips", "view_prompt"))
    prompt = a_prompt()
    assert client.post(url(prompt), filled() | SAVE).status_code == 403
    assert settings_of(prompt) == {}
    assert "settings_of_the_prompt" not in client.get(url(prompt)).content.decode()


def test_the_page_asks_for_each_variable_and_shows_the_final_text(buyer_client: Client) -> None:
    prompt = a_prompt(text="a {{who}} in {{where}}")
    page = buyer_client.get(url(prompt))
    assert [field.name for field in page.context["form"].variables] == ["var_who", "var_where"]
    assert "22 of 2500 characters" in page.content.decode()


@pytest.mark.parametrize("given", [{}, {"var_who": "fox"}, {"var_who": "fox", "var_where": "  "}])
def test_an_order_never_goes_out_with_a_variable_that_has_no_value(buyer_client: Client, given: dict[str, str]) -> None:
    page = buyer_client.post(url(a_prompt()), filled(prompt="a {{who}} in {{where}}", **given))
    text = page.content.decode()
    assert "Nothing was ordered. Nothing was charged." in text
    assert "the variable {{where}} has no value" in page.context["form"].errors["prompt"]
    assert 'name="var_where"' in text
    assert not GenerationTask.objects.exists()


def test_the_filled_text_is_ordered_and_the_template_stays(buyer_client: Client) -> None:
    prompt = a_prompt(text="a {{who}} in {{where}}")
    data = filled(prompt=prompt.text, var_who="fox", var_where="snow")
    receipt = buyer_client.post(url(prompt), data, follow=True)
    assert "a fox in snow" in receipt.content.decode()
    confirm(buyer_client, receipt)
    task = GenerationTask.objects.get()
    assert (task.prompt_text, task.prompt) == ("a fox in snow", prompt)
    prompt.refresh_from_db()
    assert prompt.text == "a {{who}} in {{where}}"


def test_what_was_filled_in_is_there_again_behind_a_receipt(buyer_client: Client) -> None:
    prompt = a_prompt(text="a {{who}}")
    data = filled(prompt=prompt.text, var_who="fox")
    buyer_client.post(url(prompt), data, follow=True)
    form = buyer_client.get(url(prompt), {"receipt": data["batch"]}).context["form"]
    assert (form["prompt"].value(), form["var_who"].value()) == ("a {{who}}", "fox")
