"""The poster picker: who may see ten frames of a clip, and choose one of them."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from PIL import Image

from generations.library import posters
from generations.library.previews import make_next
from generations.models import Campaign, Video
from tests.clips import clip
from tests.factories import NOW
from tests.trees import a_complete_video

GOOD = cache(lambda: clip("faststart", seconds=1.0, width=128, height=72))


@pytest.fixture
def editor(person: User, visitor: Client) -> Client:
    """Someone who may change clips."""
    person.user_permissions.add(Permission.objects.get(codename="change_video"))
    return visitor


@pytest.fixture
def video(db: None) -> Video:
    """A clip with its preview."""
    video = a_complete_video(content=GOOD(), duration_seconds=1.0, preview_due_at=NOW)
    make_next(at=NOW)
    video.refresh_from_db()
    return video


def frames_of(video: Video) -> str:
    return f"/videos/{video.pk}/frames.jpg"


def choose(client: Client, video: Video, frame: str, **more: Any) -> Any:
    return client.post(f"/videos/{video.pk}/poster/", {"frame": frame}, **more)


def test_the_frames_are_one_picture_that_a_browser_keeps(editor: Client, video: Video) -> None:
    response = editor.get(frames_of(video))
    with Image.open(io.BytesIO(response.content)) as strip:
        assert (strip.format, strip.size) == ("JPEG", (1280, 72))
    assert response["Cache-Control"] == "private, max-age=3600"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert editor.get(frames_of(video), headers={"if-none-match": response["ETag"]}).status_code == 304


def test_a_frame_becomes_the_poster_and_the_page_comes_back(editor: Client, video: Video) -> None:
    response = choose(editor, video, "9")
    assert (response.status_code, response["Location"]) == (302, f"/videos/{video.pk}/")
    video.refresh_from_db()
    assert video.poster_seconds == 0.9
    assert editor.get(video.poster_url).status_code == 200


def test_a_script_is_told_the_new_names(editor: Client, video: Video) -> None:
    facts = choose(editor, video, "0", headers={"accept": "application/json"}).json()
    video.refresh_from_db()
    assert facts == {"poster": video.poster_url, "poster_small": video.small_poster_url, "color": video.color}


@pytest.mark.parametrize("frame", ["", "10", "-1", "x", "1.0", "\0"])
def test_another_frame_is_refused_in_words(frame: str, editor: Client, video: Video) -> None:
    response = choose(editor, video, frame, headers={"accept": "application/json"})
    assert (response.status_code, response.json()) == (
        400,
        {"error": "frame: choose a number from 0 to 9. Nothing was changed."},
    )


def test_what_prevents_it_is_said(editor: Client, video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posters, "WITHIN_SECONDS", -1.0)
    response = choose(editor, video, "3", headers={"accept": "application/json"})
    assert (response.status_code, "too busy" in response.json()["error"]) == (409, True)


def test_the_way_back_stays_on_this_site(editor: Client, video: Video) -> None:
    for there, expected in (("/?page=2", "/?page=2"), ("https://evil.example/", f"/videos/{video.pk}/")):
        response = editor.post(f"/videos/{video.pk}/poster/", {"frame": "1", "next": there})
        assert response["Location"] == expected


def test_who_may_not_change_clips_may_not_choose(visitor: Client, video: Video) -> None:
    assert (visitor.get(frames_of(video)).status_code, choose(visitor, video, "1").status_code) == (403, 403)


def test_a_stranger_must_sign_in(client: Client, video: Video) -> None:
    for response in (client.get(frames_of(video)), choose(client, video, "1")):
        assert response["Location"].startswith("/login/")


def test_a_clip_that_one_may_not_see_is_not_there(editor: Client, video: Video) -> None:
    closed = Campaign.objects.create(name="Closed", slug="closed", is_restricted=True)
    Video.objects.filter(pk=video.pk).update(campaign=closed)
    answers = editor.get(video.preview.url), editor.get(frames_of(video)), choose(editor, video, "1")
    assert [response.status_code for response in answers] == [404, 404, 404]


@pytest.mark.parametrize("harm", ["none yet", "gone", "cut"])
def test_without_a_preview_there_are_no_frames(harm: str, editor: Client, video: Video) -> None:
    path = Path(video.preview.path)
    if harm == "none yet":
        Video.objects.update(preview="")
    elif harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-100])
    assert editor.get(frames_of(video)).status_code == 404


def test_the_page_of_a_clip_offers_ten_frames_to_who_may_choose(
    editor: Client, video: Video, django_user_model: type[User]
) -> None:
    Video.objects.update(poster_seconds=0.9)
    page = editor.get(video.get_absolute_url()).content.decode()
    assert [f'value="{number}"' in page for number in range(10)] == [True] * 10
    assert page.count('aria-current="true"') == 1
    editor.force_login(django_user_model.objects.create_user("other"))
    assert frames_of(video) not in editor.get(video.get_absolute_url()).content.decode()
