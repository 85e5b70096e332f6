"""Lists from which a picture is chosen: newest first, by words, a page at a time, at a price that does not grow."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from generations.admin import pickers
from generations.media.images import CleanImage
from generations.models import ReferenceImage
from tests.admin.receipts import filled, url
from tests.factories import a_prompt, a_task, a_video

Queries = Callable[[int], AbstractContextManager[Any]]


def image(name: str) -> ReferenceImage:
    return ReferenceImage.store(CleanImage(name.encode(), "png", 400, 300), name=name)


@pytest.fixture
def address(buyer_client: Client) -> Callable[[str], str]:
    """The list of a source, for a form that waits."""

    def of(source: str) -> str:
        response = buyer_client.post(url(a_prompt()), filled(pick=f"start_image {source}"))
        return str(response["Location"])

    return of


def names(response: Any) -> list[str]:
    return [card["name"] for card in response.context["cards"]]


def test_pictures_are_found_by_their_name_or_by_a_prompt_that_used_them(
    buyer_client: Client, address: Callable[[str], str]
) -> None:
    bottle, cup = image("bottle.png"), image("Cup.png")
    a_task(start_image=cup, prompt_text="a steaming mug")
    a_task(end_image=bottle, prompt_text="a green mug")
    listed = address("earlier")
    assert names(buyer_client.get(listed)) == ["Cup.png", "bottle.png"]
    found = {words: names(buyer_client.get(f"{listed}&q={words}")) for words in ("CUP", "green", "mug", "rain")}
    assert found == {"CUP": ["Cup.png"], "green": ["bottle.png"], "mug": ["Cup.png", "bottle.png"], "rain": []}


def test_clips_are_found_by_all_of_their_words_and_damaged_ones_are_left_out(
    buyer_client: Client, address: Callable[[str], str]
) -> None:
    a_video(title="Fox in snow")
    a_video(title="Fox at night")
    a_video(title="Broken fox in snow", damage="it is cut")
    assert names(buyer_client.get(f"{address('frame')}&q=snow+FOX")) == ["Fox in snow"]


@pytest.mark.parametrize("source", ["earlier", "frame"])
def test_pages_lead_from_the_newest_to_the_oldest_and_cost_the_same(
    buyer_client: Client,
    address: Callable[[str], str],
    source: str,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Queries,
) -> None:
    for number in range(5):
        image(f"{number}.png") if source == "earlier" else a_video(title=f"{number}.png")
    listed = address(source)
    for size, pages in ((2, ["43", "21", "0"]), (4, ["4321", "0"])):
        monkeypatch.setattr(pickers, "PAGE", size)
        there, shown = listed, []
        while there:
            with django_assert_max_num_queries(6):
                page = buyer_client.get(there)
            shown.append("".join(name[0] for name in names(page)))
            there = f"{listed.partition('?')[0]}?{page.context['older']}" if page.context["older"] else ""
        assert shown == pages


@pytest.mark.parametrize("before", ["x", "9" * 40, "-1"])
def test_a_page_that_cannot_be_read_is_refused(
    buyer_client: Client, address: Callable[[str], str], before: str
) -> None:
    assert buyer_client.get(f"{address('earlier')}&before={before}").status_code == 400


def test_only_those_who_may_order_choose(viewer_client: Client) -> None:
    assert viewer_client.get("/admin/generations/referenceimage/pick/").status_code == 403
