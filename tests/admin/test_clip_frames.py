"""Continue: a frame is chosen, kept, and leads to Generate with the clip's settings and what it continues."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from generations.models import GenerationTask, ReferenceImage, Status, Video
from tests.admin.receipts import confirm, filled, url
from tests.clips import clip
from tests.factories import a_task
from tests.trees import a_complete_video

GOOD = cache(lambda: clip("faststart", seconds=1.0, width=64, height=48))  # 24 frames
Queries = Callable[[int], AbstractContextManager[Any]]
Said = Callable[[Any], list[str]]


@pytest.fixture
def video(db: None) -> Video:
    task = a_task(Status.STORED, prompt_text="a fox in snow", aspect_ratio="16:9")
    return a_complete_video(task, content=GOOD(), title="Fox in snow", width=64, height=48)


def page_of(video: Video, rest: str = "frame/") -> str:
    return f"/admin/generations/video/{video.pk}/{rest}"


def number_of(response: Any) -> int:
    found = re.search(r"<strong>Frame (\d+) of 23</strong>", response.content.decode())
    assert found
    return int(found[1])


def test_the_page_starts_three_frames_before_the_last_and_offers_others(buyer_client: Client, video: Video) -> None:
    response = buyer_client.get(page_of(video))
    page = response.content.decode()
    assert number_of(response) == 20
    for words in ("Last frame: frame 23", "3 before the last: frame 20", "5 before the last: frame 18"):
        assert f'aria-label="{words}"' in page
    assert page.count('<img class="frame-') == 13
    assert "Kling 2.5 Turbo Pro, Image to video. Nothing is ordered yet." in page
    assert "Caution" not in page


@pytest.mark.parametrize(
    ("query", "number"), [("frame=0", 0), ("t=0.5", 12), ("frame=24", 20), ("frame=x&t=soon", 20), ("t=nan", 0)]
)
def test_the_address_names_the_frame_or_a_moment(buyer_client: Client, video: Video, query: str, number: int) -> None:
    assert number_of(buyer_client.get(f"{page_of(video)}?{query}")) == number


def test_pictures_of_frames_are_sent_and_kept_by_the_browser(buyer_client: Client, video: Video) -> None:
    for path, size in ((page_of(video, "frame/23.jpg"), (64, 48)), (page_of(video, "frames.jpg"), (13 * 64, 48))):
        response = buyer_client.get(path)
        with Image.open(io.BytesIO(response.content)) as picture:
            assert (picture.format, picture.size) == ("JPEG", size)
        assert response["Cache-Control"] == "private, max-age=3600"
        assert buyer_client.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304
    assert buyer_client.get(page_of(video, "frame/24.jpg")).status_code == 404


def test_a_frame_is_used_and_what_it_continues_is_ordered_once_confirmed(
    buyer_client: Client, video: Video, said: Said
) -> None:
    form = buyer_client.post(page_of(video), {"frame": "20"}, follow=True)
    image = ReferenceImage.objects.get()
    assert said(form) == ["Frame 20 of 23 is kept as a picture. Nothing is ordered yet."]
    fields = form.context["form"]
    values = [fields[name].value() for name in ("prompt", "model", "mode", "start_image_kept", "aspect_ratio")]
    assert values == ["a fox in snow", video.model, "image-to-video", str(image.pk), ""]
    assert f"Continues Task {video.task_id} from the frame at 0.83 s" in form.content.decode()
    token = fields["continued_from"].value()
    data = filled(mode="image-to-video", start_image_kept=str(image.pk), continued_from=token)
    receipt = buyer_client.post(url(video.prompt), data, follow=True)
    assert f"Continues task {video.task_id}: the start image is its frame at 0.83 s." in receipt.content.decode()
    confirm(buyer_client, receipt)
    task = GenerationTask.objects.latest("pk")
    assert (task.continued_from, task.continued_at_seconds, task.start_image) == (video.task, 0.833, image)


def test_a_number_that_is_no_frame_keeps_nothing_and_says_so(buyer_client: Client, video: Video, said: Said) -> None:
    for frame in ("", "-1", "24", "x", "1" * 30):
        response = buyer_client.post(page_of(video), {"frame": frame})
        assert said(response) == ["frame: choose a number from 0 to 23. Nothing was changed."]
    assert not ReferenceImage.objects.exists()


def test_a_clip_that_cannot_be_read_leads_back(buyer_client: Client, video: Video) -> None:
    video.path.write_bytes(b"short")
    for response in (buyer_client.get(page_of(video)), buyer_client.post(page_of(video), {"frame": "1"})):
        assert "No frame can be taken from this clip" in response.content.decode()
        assert f'href="{video.get_absolute_url()}">Go back' in response.content.decode()
    assert buyer_client.get(page_of(video, "frame/1.jpg")).status_code == 404
    assert not ReferenceImage.objects.exists()


def test_after_the_fourth_continuation_in_a_row_a_caution_is_said_and_nothing_refused(
    buyer_client: Client, video: Video
) -> None:
    task = video.task
    for _ in range(4):
        task = a_task(Status.STORED, continued_from=task, continued_at_seconds=4.5)
    last = a_complete_video(task, content=GOOD())
    assert "This would be continuation 5 in a row" in buyer_client.get(page_of(last)).content.decode()
    form = buyer_client.post(page_of(last), {"frame": "20"}, follow=True).context["form"]
    chosen = {name: form[name].value() for name in ("start_image_kept", "continued_from")}
    receipt = buyer_client.post(url(last.prompt), filled(mode="image-to-video", **chosen), follow=True)
    assert "This would be continuation 5 in a row" in receipt.content.decode()
    assert receipt.context["token"]


def test_only_those_who_may_order_choose_frames_by_address_too(
    client: Client, viewer_client: Client, video: Video
) -> None:
    for rest in ("frame/", "frame/1.jpg", "frames.jpg"):
        assert client.get(page_of(video, rest)).status_code == 302
        assert viewer_client.get(page_of(video, rest)).status_code == 403
    assert viewer_client.post(page_of(video), {"frame": "1"}).status_code == 403
    assert viewer_client.get("/admin/generations/video/pick/").status_code == 403
    assert not ReferenceImage.objects.exists()


def test_looking_writes_nothing_and_costs_the_same_for_any_clip(
    buyer_client: Client, video: Video, django_assert_max_num_queries: Queries
) -> None:
    with django_assert_max_num_queries(9):
        buyer_client.get(page_of(video))
    assert not ReferenceImage.objects.exists()
