"""The settings that a prompt carries: saved from the Generate page, which then starts from them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from generations.models import GenerationTask, LastChoice, Prompt
from tests.admin.conftest import person
from tests.admin.receipts import filled, url
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


def test_an_order_never_goes_out_with_a_variable_that_has_no_value(buyer_client: Client) -> None:
    page = buyer_client.post(url(a_prompt()), filled(prompt="a {{who}} in {{where}}"))
    assert "Nothing was ordered. Nothing was charged." in page.content.decode()
    assert page.context["form"].errors["prompt"] == [
        "the variable {{who}} has no value", "the variable {{where}} has no value"
    ]  # fmt: skip
    assert not GenerationTask.objects.exists()
