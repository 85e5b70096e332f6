"""The pictures of the Generate page: what was typed waits while one is chosen, and what is continued stays true."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pytest
from django.test import Client

from generations.admin.pictures import MOST_DRAFTS
from generations.forms.pictures import Continuation
from generations.media.images import clean_image
from generations.models import GenerationTask, Prompt, ReferenceImage, Status
from tests.admin.receipts import a_picture, confirm, filled, url
from tests.clips import clip, png
from tests.factories import a_prompt, a_task
from tests.trees import a_complete_video

GOOD = cache(lambda: clip("faststart", seconds=1.0, width=64, height=48))


def an_earlier_picture(name: str = "bottle.png", size: tuple[int, int] = (64, 48)) -> ReferenceImage:
    return ReferenceImage.store(clean_image(io.BytesIO(png(size))), name=name)


def leave(client: Client, of: Prompt, pick: str, **changes: Any) -> Any:
    return client.post(url(of), filled(mode="image-to-video", pick=pick, **changes), follow=True)


def test_an_earlier_picture_is_chosen_and_what_was_typed_is_still_there(buyer_client: Client) -> None:
    prompt, image = a_prompt(), an_earlier_picture()
    listed = leave(buyer_client, prompt, "start_image earlier", prompt="my words", end_image=a_picture())
    assert "Choose an earlier picture for the start image" in listed.content.decode()
    (card,) = [card for card in listed.context["cards"] if card["name"] == "bottle.png"]
    form = buyer_client.get(card["url"]).context["form"]
    end = ReferenceImage.objects.get(original_name="start.png")
    values = [form[name].value() for name in ("prompt", "mode", "start_image_kept", "end_image_kept")]
    assert values == ["my words", "image-to-video", str(image.pk), str(end.pk)]


def test_leaving_orders_nothing_and_going_back_without_a_choice_keeps_the_form(buyer_client: Client) -> None:
    prompt = a_prompt()
    listed = leave(buyer_client, prompt, "end_image earlier", prompt="my words", duration="7")
    form = buyer_client.get(listed.context["draft"].without_image).context["form"]
    assert (form["prompt"].value(), form["duration"].value()) == ("my words", "7")
    assert not GenerationTask.objects.exists()


def test_a_chosen_picture_takes_the_place_of_an_address(buyer_client: Client) -> None:
    an_earlier_picture()
    typed = {"start_image_url": "https://example.com/a.png"}
    listed = leave(buyer_client, a_prompt(), "start_image earlier", **typed)
    form = buyer_client.get(listed.context["cards"][0]["url"]).context["form"]
    assert form["start_image_url"].value() == ""


def test_a_frame_of_a_clip_becomes_the_start_image_and_the_order_continues_it(buyer_client: Client) -> None:
    video = a_complete_video(content=GOOD(), title="Fox in snow")
    clips = leave(buyer_client, a_prompt(), "start_image frame")
    choice = buyer_client.get(clips.context["cards"][0]["url"])
    assert "The frame becomes the start image of your order." in choice.content.decode()
    address = clips.context["cards"][0]["url"]
    form = buyer_client.post(address, {"frame": "23"}, follow=True).context["form"]
    found = Continuation.read(form["continued_from"].value())
    assert (found.task, str(found.image)) == (video.task, form["start_image_kept"].value())


def test_a_frame_as_end_image_continues_nothing(buyer_client: Client) -> None:
    a_complete_video(content=GOOD())
    clips = leave(buyer_client, a_prompt(), "end_image frame")
    form = buyer_client.post(clips.context["cards"][0]["url"], {"frame": "1"}, follow=True).context["form"]
    assert form["end_image_kept"].value()
    assert not form["continued_from"].value()


@pytest.mark.parametrize("pick", ["", "start_image", "sound earlier", "start_image nowhere"])
def test_a_button_that_the_page_has_not_leads_back_to_the_form(buyer_client: Client, pick: str) -> None:
    form = leave(buyer_client, a_prompt(), pick, prompt="my words").context["form"]
    assert form["prompt"].value() == "my words"


def test_a_session_keeps_few_forms_and_says_when_one_is_gone(buyer_client: Client) -> None:
    prompt = a_prompt()
    first = leave(buyer_client, prompt, "start_image earlier")
    for _ in range(MOST_DRAFTS):
        leave(buyer_client, prompt, "start_image earlier")
    gone = buyer_client.get(first.request["PATH_INFO"] + "?" + first.request["QUERY_STRING"], follow=True)
    assert "The form that this picture was for is gone." in gone.content.decode()


def remixed(client: Client, **changes: Any) -> tuple[GenerationTask, Any]:
    """A continuation, and the form that starts from its settings."""
    first = a_task(Status.STORED)
    task = a_task(
        Status.STORED, mode="image-to-video", start_image=an_earlier_picture(), continued_from=first,
        continued_at_seconds=4.5,
    )  # fmt: skip
    return task, client.get(url(task.prompt), {"like": task.pk}).context["form"]


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_remix_continues_the_same_clip_as_long_as_its_start_image_stays(buyer_client: Client, is_kept: bool) -> None:
    task, form = remixed(buyer_client)
    picture = {"start_image_kept": form["start_image_kept"].value()} if is_kept else {"start_image": a_picture()}
    data = filled(mode="image-to-video", continued_from=form["continued_from"].value(), **picture)
    confirm(buyer_client, buyer_client.post(url(task.prompt), data, follow=True))
    expected = (task.continued_from, 4.5) if is_kept else (None, None)
    new = GenerationTask.objects.latest("pk")
    assert (new.continued_from, new.continued_at_seconds) == expected


def test_a_continuation_that_this_site_did_not_say_is_refused(buyer_client: Client) -> None:
    image = an_earlier_picture()
    data = filled(mode="image-to-video", start_image_kept=str(image.pk), continued_from="1:4.5:1")
    response = buyer_client.post(url(a_prompt()), data)
    assert "this site does not know this frame: choose it again" in response.content.decode()
    assert not GenerationTask.objects.exists()


@pytest.mark.parametrize("query", ["for=start_image&image=x", "for=nothing&image=1", "continued=x", "draft=x"])
def test_an_address_that_names_nothing_is_a_plain_form(buyer_client: Client, query: str) -> None:
    assert buyer_client.get(f"{url(a_prompt())}?{query}").status_code == 200


def test_enter_in_a_field_presses_no_button_that_leaves_the_page(buyer_client: Client) -> None:
    page = buyer_client.get(url(a_prompt())).content.decode()
    assert page.index('value="See the receipt" tabindex="-1"') < page.index('name="pick"')
