"""What the poster picker offers."""

from __future__ import annotations

from generations.models import Video
from generations.templatetags.posters import poster_frames


def test_ten_frames_from_the_first_to_the_last_and_which_one_was_chosen() -> None:
    frames = poster_frames(Video(duration_seconds=5.0, poster_seconds=2.7))
    assert [words for _, words, _ in frames] == [
        "0.0 s", "0.5 s", "1.1 s", "1.6 s", "2.2 s", "2.7 s", "3.3 s", "3.8 s", "4.4 s", "4.9 s",
    ]  # fmt: skip
    assert [number for number, _, is_chosen in frames if is_chosen] == [5]


def test_a_clip_shorter_than_its_frames_still_has_ten() -> None:
    assert [words for _, words, _ in poster_frames(Video(duration_seconds=0.1))] == ["0.0 s"] * 10
