"""Frames of stored clips: the choice, and one that is kept."""

from __future__ import annotations

from functools import cache

import pytest

from generations.library.clip_frames import Frames, NoFrame, frames_of, keep
from generations.media import exact_frames
from generations.media.store import store
from generations.models import ReferenceImage, Video
from tests.clips import clip
from tests.trees import a_complete_video

pytestmark = pytest.mark.django_db
GOOD = cache(lambda: clip("faststart", seconds=1.0, width=64, height=48))


@pytest.fixture
def video() -> Video:
    return a_complete_video(content=GOOD(), title="Fox in snow")


def test_frames_count_from_zero_as_in_the_player_and_people_choose_from_the_end_and_the_whole() -> None:
    frames = Frames([number / 24 for number in range(121)])
    assert (frames.last, frames.usual, frames.ends) == (120, 117, [120, 117, 115])
    assert (frames.spread[0], len(frames.spread), frames.spread[-1]) == (0, 10, 120)
    assert [frames.nearest(seconds) for seconds in (0.0, 0.04, 0.0417, 99.0, -1.0)] == [0, 0, 1, 120, 0]


def test_a_clip_of_one_frame_has_one_to_choose() -> None:
    frames = Frames([0.0])
    assert (frames.usual, set(frames.ends), set(frames.spread)) == (0, {0}, {0})


def test_a_frame_is_kept_once_as_a_png_under_a_name_that_says_what_it_is(video: Video) -> None:
    image = keep(video, 21)
    assert keep(video, 21) == image == ReferenceImage.objects.get()
    assert (image.extension, image.width, image.height) == ("png", 64, 48)
    assert image.original_name == "Fox in snow, frame 21.png"
    store.check(str(image.file), sha256=image.sha256)


@pytest.mark.parametrize("number", [-1, 24])
def test_a_frame_that_is_not_there_is_not_kept(video: Video, number: int) -> None:
    with pytest.raises(NoFrame, match="it has 24 frames"):
        keep(video, number)
    assert not ReferenceImage.objects.exists()


def test_other_bytes_than_were_stored_give_no_frame(video: Video) -> None:
    content = bytearray(GOOD())
    content[-1] ^= 1
    video.path.write_bytes(content)
    with pytest.raises(NoFrame, match="other bytes than were stored"):
        keep(video, 1)
    video.path.write_bytes(b"short")
    with pytest.raises(NoFrame, match="5 bytes instead of"):
        frames_of(video)
    video.path.unlink()
    with pytest.raises(NoFrame, match="its file is missing"):
        frames_of(video)


def test_a_damaged_clip_and_a_busy_machine_say_so(video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_frames, "WITHIN_SECONDS", -1.0)
    with pytest.raises(NoFrame, match="too busy"):
        keep(video, 1)
    video.damage = "it is cut"
    with pytest.raises(NoFrame, match="damaged: it is cut"):
        frames_of(video)


def test_a_disk_that_refuses_keeps_nothing(video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ReferenceImage, "store", refuse)
    with pytest.raises(NoFrame, match="Nothing was changed"):
        keep(video, 1)
