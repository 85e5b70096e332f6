"""A preview is a small, silent MP4 of the whole clip, in which a browser finds any frame at once."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from generations.media import previews
from generations.media.clips import NotAVideo, TookTooLong, poster
from generations.media.frames import Patience
from generations.media.previews import MAX_BITS, frame_strip, frame_times, is_whole, write_preview
from tests.clips import boxes, clip
from tests.corpus import SHAPES, clip_of, damaged_inside


@dataclass
class Found:
    size: tuple[int, int]
    sounds: int
    times: list[float]
    keys: list[float]


def preview_of(data: bytes, folder: Path) -> Path:
    (folder / "clip.mp4").write_bytes(data)
    write_preview(folder / "clip.mp4", folder / "preview.part")
    return folder / "preview.part"


def read(path: Path) -> Found:
    with av.open(str(path)) as container:
        picture = container.streams.video[0]
        frames = list(container.decode(picture))
        keys = [frame.time or 0.0 for frame in frames if frame.key_frame]
        size = picture.width, picture.height
        return Found(size, len(container.streams.audio), [frame.time or 0.0 for frame in frames], keys)


def test_it_is_silent_has_ten_frames_a_second_and_a_key_frame_every_fifth(tmp_path: Path) -> None:
    found = read(preview_of(clip(seconds=2, sound=True), tmp_path))
    assert found.sounds == 0
    assert found.times == pytest.approx([number / 10 for number in range(20)])
    assert found.keys == pytest.approx([0.0, 0.5, 1.0, 1.5])


@pytest.mark.parametrize(
    ("size", "preview"),
    [((1280, 720), (320, 180)), ((720, 1280), (180, 320)), ((640, 640), (320, 320)), ((64, 36), (64, 36)),
     ((1280, 16), (320, 4))],
)  # fmt: skip
def test_it_keeps_the_shape_and_is_never_larger_than_the_clip(
    size: tuple[int, int], preview: tuple[int, int], tmp_path: Path
) -> None:
    assert read(preview_of(clip(seconds=0.5, width=size[0], height=size[1]), tmp_path)).size == preview


@pytest.mark.parametrize("shape", SHAPES)
def test_every_codec_that_is_stored_has_a_preview(shape: str, tmp_path: Path) -> None:
    assert len(read(preview_of(clip_of(shape), tmp_path)).times) == 25


def test_its_index_is_in_front_so_that_it_plays_while_it_loads(tmp_path: Path) -> None:
    kinds = [kind for kind, *_ in boxes(preview_of(clip(), tmp_path).read_bytes())]
    assert kinds.index(b"moov") < kinds.index(b"mdat")


def test_noise_does_not_make_it_larger_than_its_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "X264", previews.X264 | {"crf": "1"})  # as if the clip were hard to encode
    size = preview_of(clip_of("h264", seconds=5.0, size=(640, 360), bit_rate=2_000_000), tmp_path).stat().st_size
    assert size < 6 * MAX_BITS / 8


def test_it_keeps_the_colours_that_players_assume_of_the_clip(tmp_path: Path) -> None:
    with av.open(str(preview_of(clip(seconds=0.5, width=1280, height=720), tmp_path))) as container:
        decoder = container.streams.video[0].codec_context
        assert (decoder.colorspace, decoder.color_primaries, decoder.color_trc) == (1, 1, 1)


def test_a_damaged_clip_has_no_preview(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo):
        preview_of(damaged_inside(clip()), tmp_path)


def test_what_takes_too_long_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "Patience", lambda: Patience(0))
    with pytest.raises(TookTooLong):
        preview_of(clip(), tmp_path)


def test_a_disk_that_refuses_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(clip())
    with pytest.raises(OSError, match="cannot be written"):
        write_preview(tmp_path / "clip.mp4", tmp_path / "missing/preview.part")


def test_a_full_disk_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(clip())
    with pytest.raises(OSError, match="cannot be written"):
        write_preview(tmp_path / "clip.mp4", Path("/dev/full"))


def test_a_cut_preview_is_not_whole(tmp_path: Path) -> None:
    path = preview_of(clip(), tmp_path)
    assert is_whole(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert not is_whole(path)


def test_the_frames_to_choose_from_are_those_of_the_clip_at_the_same_times(tmp_path: Path) -> None:
    path, times = preview_of(clip(seconds=2, width=128, height=72), tmp_path), frame_times(2.0)
    with Image.open(io.BytesIO(frame_strip(path, times))) as strip:
        shown = [strip.crop((n * 128, 0, n * 128 + 128, 72)).convert("L") for n in range(len(times))]
    for number, seconds in enumerate(times):
        with Image.open(io.BytesIO(poster(tmp_path / "clip.mp4", seconds=seconds).poster)) as still:
            differences = [ImageStat.Stat(ImageChops.difference(still.convert("L"), one)).mean[0] for one in shown]
        assert differences.index(min(differences)) == number
