"""The Generate page: everything that is wrong at once, the price before the press, and one order for two presses."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.media import remote_images, remote_videos
from generations.media.images import clean_image
from generations.models import Batch, GenerationTask, LedgerEntry, Prompt, ReferenceImage, Status
from tests.admin.receipts import a_picture, confirm, filled, url
from tests.clips import png
from tests.factories import a_campaign, a_prompt, a_task, a_video

Said = Callable[[Any], list[str]]


def order(client: Client, of: Prompt, **changes: Any) -> Any:
    """Fill in the form, and press the button of the receipt that comes."""
    return confirm(client, client.post(url(of), filled(**changes), follow=True))


def a_kept_picture() -> ReferenceImage:
    return ReferenceImage.store(clean_image(io.BytesIO(png())), name="start.png")


@pytest.mark.parametrize("page", ["new_clip", "new_clip_price"])
def test_a_new_clip_needs_the_right_to_order(viewer_client: Client, buyer_client: Client, page: str) -> None:
    assert viewer_client.get(reverse(page)).status_code == 403
    assert viewer_client.post(reverse(page), filled()).status_code == 403
    assert buyer_client.get(reverse(page)).status_code == 200
    assert not GenerationTask.objects.exists()


def test_a_new_clip_is_ordered_without_a_prompt_that_was_written_before(buyer: User, buyer_client: Client) -> None:
    for _ in range(2):
        confirm(buyer_client, buyer_client.post(reverse("new_clip"), filled(prompt="grey cranes"), follow=True))
    prompt = Prompt.objects.get()
    assert (prompt.text, prompt.created_by, prompt.tasks.count()) == ("grey cranes", buyer, 2)


def test_what_was_typed_of_a_new_clip_is_there_when_it_is_changed(buyer_client: Client) -> None:
    receipt = buyer_client.post(reverse("new_clip"), filled(prompt="grey cranes", duration="10"), follow=True)
    form = buyer_client.get(receipt.context["change_url"]).context["form"]
    assert (form["prompt"].value(), form["duration"].value()) == ("grey cranes", "10")
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("page", ["generate", "price"])
def test_only_those_who_may_order_get_in(
    client: Client, viewer_client: Client, buyer_client: Client, page: str
) -> None:
    prompt = a_prompt()
    assert client.get(url(prompt, page)).status_code == 302
    assert viewer_client.get(url(prompt, page)).status_code == 403
    assert buyer_client.get(url(prompt, page)).status_code == 200


def test_a_viewer_cannot_order_by_sending_the_form(viewer_client: Client) -> None:
    assert viewer_client.post(url(a_prompt()), filled()).status_code == 403
    assert not GenerationTask.objects.exists()


def test_the_page_starts_from_the_prompt(admin_client: Client) -> None:
    prompt = a_prompt(text="grey cranes", negative_prompt="no rain")
    form = admin_client.get(url(prompt)).context["form"]
    assert (form["prompt"].value(), form["negative_prompt"].value()) == ("grey cranes", "no rain")


def test_every_opening_of_the_page_is_an_order_of_its_own(admin_client: Client) -> None:
    prompt = a_prompt()
    batches = {admin_client.get(url(prompt)).context["form"]["batch"].value() for _ in range(2)}
    assert len(batches) == 2
    assert None not in batches


def test_the_page_starts_from_another_task_s_settings(admin_client: Client) -> None:
    task = a_task(Status.FAILED, prompt_text="its own words", mode="image-to-video", duration_seconds=10,
                  cfg_scale=Decimal("0.7"), start_image=a_kept_picture())  # fmt: skip
    page = admin_client.get(url(task.prompt), {"like": task.pk})
    form = page.context["form"]
    values = [form[name].value() for name in ("prompt", "mode", "duration", "cfg_scale", "start_image_kept")]
    assert values == ["its own words", "image-to-video", 10, Decimal("0.7"), task.start_image_id]
    assert 'name="start_image_kept"' in page.content.decode()


def test_the_page_starts_from_a_video_s_task(admin_client: Client) -> None:
    video = a_video()
    form = admin_client.get(url(video.task.prompt), {"video": video.pk}).context["form"]
    assert form["model"].value() == video.task.model


@pytest.mark.parametrize("query", ["like=999", "video=999"])
def test_settings_of_what_is_not_there_are_not_found(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{url(a_prompt())}?{query}").status_code == 404


def test_an_order_is_placed_and_leads_to_its_task(buyer_client: Client, buyer: Any, said: Said) -> None:
    prompt = a_prompt()
    response = order(buyer_client, prompt)
    task = GenerationTask.objects.get()
    assert (task.prompt, task.ordered_by, task.status) == (prompt, buyer, Status.QUEUED)
    assert response.redirect_chain[-1][0] == task.get_absolute_url()
    assert said(response) == [
        f"1 clip ordered as task {task.pk}. $0.30 of practice money reserved; the clip may cost more."
    ]


def test_several_takes_lead_to_their_batch(admin_client: Client, said: Said) -> None:
    data = filled(takes="3")
    response = order(admin_client, a_prompt(), **data)
    assert said(response) == ["3 clips ordered. $0.90 of practice money reserved; the clips may cost more."]
    assert response.redirect_chain[-1][0] == Batch.objects.get().get_absolute_url()


def test_an_unknown_price_is_said_to_be_unknown(admin_client: Client, said: Said) -> None:
    response = order(admin_client, a_prompt(), model="kling-2-6", sound="false")
    assert "price is unknown" in said(response)[0]
    assert "$0.00" not in said(response)[0]


def test_every_problem_is_shown_at_once_and_nothing_is_ordered(admin_client: Client) -> None:
    data = filled(prompt="", duration="7", cfg_scale="3", takes="0", aspect_ratio="4:3", sound="true")
    response = admin_client.post(url(a_prompt()), data)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Nothing was ordered. Nothing was charged." in page
    assert {"prompt", "duration", "cfg_scale", "takes", "aspect_ratio", "sound"} <= set(response.context["form"].errors)
    assert 'id="problems" role="alert" tabindex="-1" autofocus' in page
    assert 'href="#id_duration"' in page
    assert not GenerationTask.objects.exists()
    assert not LedgerEntry.objects.exists()


def test_what_was_typed_is_still_there_after_an_error(admin_client: Client) -> None:
    data = filled(prompt="my words", duration="7")
    page = admin_client.post(url(a_prompt()), data)
    assert "my words" in page.content.decode()
    assert data["batch"] in page.content.decode()


def test_a_chosen_file_is_kept_after_an_error_elsewhere(admin_client: Client) -> None:
    data = filled(mode="image-to-video", duration="7", start_image=a_picture())
    page = admin_client.post(url(a_prompt()), data).content.decode()
    assert "choose the picture files again" not in page
    assert f'name="start_image_kept" value="{ReferenceImage.objects.get().pk}" checked' in page


def test_a_chosen_file_that_is_no_picture_is_to_be_chosen_again(admin_client: Client) -> None:
    data = filled(mode="image-to-video", start_image=SimpleUploadedFile("a.png", b"no picture", "image/png"))
    assert "choose the picture files again" in admin_client.post(url(a_prompt()), data).content.decode()
    assert not ReferenceImage.objects.exists()


def test_a_picture_is_ordered_with(admin_client: Client) -> None:
    order(admin_client, a_prompt(), mode="image-to-video", start_image=a_picture())
    assert GenerationTask.objects.get().start_image == ReferenceImage.objects.get()


def test_an_earlier_task_s_picture_is_ordered_with_and_not_stored_twice(admin_client: Client) -> None:
    kept = a_kept_picture()
    order(admin_client, a_prompt(), mode="image-to-video", start_image_kept=kept.pk)
    assert GenerationTask.objects.get().start_image == kept
    assert ReferenceImage.objects.count() == 1


def test_a_url_wins_over_the_earlier_picture(admin_client: Client, httpserver: HTTPServer, settings: Settings) -> None:
    settings.PUBLIC_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/a.png").respond_with_data(a_picture().read(), content_type="image/png")
    there, kept = httpserver.url_for("/a.png"), a_kept_picture().pk
    order(admin_client, a_prompt(), mode="image-to-video", start_image_kept=kept, start_image_url=there)
    task = GenerationTask.objects.get()
    assert (task.start_image, task.start_image_url) == (None, there)


def test_a_line_end_counts_as_one_character(admin_client: Client) -> None:
    order(admin_client, a_prompt(), prompt="one\r\ntwo")
    assert GenerationTask.objects.get().prompt_text == "one\ntwo"


def as_it_came(page: Any) -> dict[str, Any]:
    """What a browser without a script sends of a page that nobody changed."""
    fields = page.context["form"]
    return {field.name: field.value() for field in fields if field.value() not in (None, False)}


def test_the_page_can_be_sent_as_it_comes(admin_client: Client) -> None:
    prompt = a_prompt()
    page = admin_client.post(url(prompt), as_it_came(admin_client.get(url(prompt))), follow=True)
    assert page.context["button"] == "Order 1 clip, from $0.30"


def test_a_task_s_settings_can_be_sent_as_they_come(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_images, "probe", lambda *args, **kwargs: None)
    monkeypatch.setattr(remote_videos, "probe_seconds", lambda *args, **kwargs: 7)
    chosen = {"sound": False, "video": "https://example.com/a.mp4"}
    like = a_task(
        model="kling-3-0-std", mode="motion-control", prompt_text="", parameters=chosen, sound=False,
        start_image_url="https://example.com/a.png",
    )  # fmt: skip
    page = admin_client.get(url(like.prompt), {"like": like.pk})
    assert page.context["form"]["duration"].value() == ""
    receipt = admin_client.post(url(like.prompt), as_it_came(page), follow=True)
    assert receipt.context["button"] == "Order 1 clip, price unknown"
    assert "Motion control, 7 s, as long as the video, silent" in receipt.content.decode()
    assert "<dt>Video</dt><dd>https://example.com/a.mp4</dd>" in receipt.content.decode()


def test_the_order_is_of_the_campaign_that_was_chosen(admin_client: Client) -> None:
    prompt, spring = a_prompt(campaign=a_campaign()), a_campaign("Spring")
    order(admin_client, prompt)
    order(admin_client, prompt, campaign="spring")
    assert [task.campaign for task in GenerationTask.objects.order_by("pk")] == [prompt.campaign, spring]


def test_the_settings_of_a_task_include_its_campaign(admin_client: Client) -> None:
    task = a_task(campaign=a_campaign())
    page = admin_client.get(url(task.prompt), {"like": task.pk})
    assert page.context["form"].initial["campaign"] == "autumn"
