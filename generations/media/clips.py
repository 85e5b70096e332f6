"""Verify that a clip is complete, and make its poster.

`mp4.py` checks the structure first, then FFmpeg (PyAV) decodes every sample.
"""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from PIL import Image

from generations.media.mp4 import NotAVideo, Track, read_tracks

__all__ = ["Clip", "NotAVideo", "poster", "smaller", "verify"]

# Kling sells 5 and 10 s at up to 1080p. Room for what may come (4K, two minutes), and none for a file that is
# made to keep a worker busy or fill its memory: a decoder may hold 16 pictures of this size, 230 MB.
MAX_SECONDS = 120
MAX_CLIP_PIXELS = 4096 * 2304
# A 10 s clip decodes in one to three seconds; the whole job has 240 s.
DECODE_SECONDS = 60
# What browsers play; a hostile file must not reach FFmpeg's other 500 decoders.
VIDEO_CODES = {"avc1", "avc3", "hvc1", "hev1", "av01", "vp08", "vp09", "mp4v"}
AUDIO_CODES = {"mp4a", "Opus", "fLaC", ".mp3", "ac-3", "ec-3"}
UNPLAYABLE = "its picture or sound is in a format that browsers do not play"
DECODERS = "h264,hevc,libdav1d,av1,vp8,vp9,libvpx-vp9,mpeg4,aac,opus,libopus,flac,mp3float,mp3,ac3,eac3"

POSTER_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Clip:
    """What a video file contains: the duration is that of its picture, `audio_codec` is "" without sound."""

    duration_seconds: float
    width: int
    height: int
    fps: float
    has_audio: bool
    video_codec: str
    audio_codec: str


def verify(path: Path) -> Clip:
    """Check that a clip is complete (its boxes, every sample, every frame decoded); return what it contains.

    Costs: tests/bench/bench_verify.py. Raises: NotAVideo, with words for staff; OSError when the disk refuses.
    """
    video, audio = _choose(read_tracks(path))
    with _opened(path) as container:
        return _decode(container, video, audio)


def poster(path: Path, *, at: float = 0.15, width: int = 640) -> bytes:
    """Return a JPEG of the picture at this fraction of the clip's duration, at most `width` pixels wide.

    Raises: NotAVideo when there is no such picture, OSError when the disk refuses.
    """
    video, _ = _choose(read_tracks(path))
    with _opened(path) as container:
        frame = _frame_at(container, video.duration_seconds * at)
        scale = min(1.0, width / frame.width)
        size = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
        image = frame.reformat(width=size[0], height=size[1], format="rgb24").to_image()  # type: ignore[no-untyped-call]
    return _jpeg(image)


def smaller(poster: bytes, *, width: int = 320) -> bytes:
    """Return a poster as lists load it: a JPEG at most `width` pixels wide."""
    with Image.open(io.BytesIO(poster)) as image:
        image.thumbnail((width, image.height))
        return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=POSTER_QUALITY, progressive=True)
    return out.getvalue()


def _choose(tracks: list[Track]) -> tuple[Track, Track | None]:
    """Return the picture and the sound track; refuse what must not be decoded."""
    videos = [track for track in tracks if track.handler == "vide"]
    sounds = [track for track in tracks if track.handler == "soun"]
    if len(videos) != 1 or not videos[0].samples:
        raise NotAVideo("it has more than one picture track" if videos[1:] else "it has no picture")
    video, audio = videos[0], next((track for track in sounds if track.samples), None)
    if video.codec not in VIDEO_CODES or any(track.codec not in AUDIO_CODES for track in sounds):
        raise NotAVideo(UNPLAYABLE)
    if not 0 < video.width * video.height <= MAX_CLIP_PIXELS:
        raise NotAVideo(f"its picture is {video.width} x {video.height}: at most {MAX_CLIP_PIXELS} pixels")
    longest = max(track.duration_seconds for track in tracks)
    if video.duration_seconds <= 0 or longest > MAX_SECONDS:
        raise NotAVideo(f"it lasts {longest:.1f} s: more than 0, and at most {MAX_SECONDS}")
    return video, audio


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """Open with the MP4 reader only. Raises: NotAVideo for every error of FFmpeg's."""
    options = {
        "protocol_whitelist": "file",  # FFmpeg must not open a URL in the file
        "codec_whitelist": DECODERS,
        "ignore_editlist": "1",  # hidden samples were paid for and must be complete too
        "max_pixels": str(MAX_CLIP_PIXELS),
    }
    try:
        with av.open(f"file:{path}", format="mp4", options=options, timeout=DECODE_SECONDS) as container:
            if any(stream.codec_context is None for stream in (*container.streams.video, *container.streams.audio)):
                raise NotAVideo(UNPLAYABLE)
            if not container.streams.video:
                raise NotAVideo("it has no picture")
            yield container
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        raise NotAVideo("it cannot be decoded: some of its data is damaged or missing") from error


def _decode(container: InputContainer, video: Track, audio: Track | None) -> Clip:
    """Decode all of it, on one thread: several jobs run at once, and more threads cost more CPU in all."""
    picture, sound = container.streams.video[0], next(iter(container.streams.audio), None)
    picture.codec_context.thread_count = 1
    picture.codec_context.options = {
        "err_detect": "explode",  # else some decoders conceal damage
        "max_pixels": str(MAX_CLIP_PIXELS),
        "strict": "1",  # wait for late frames as long as the standard allows
    }
    deadline = time.monotonic() + DECODE_SECONDS
    frames = 0
    for packet in container.demux(*(stream for stream in (picture, sound) if stream)):
        for frame in packet.decode():
            if isinstance(frame, VideoFrame):
                frames += 1
                if frame.is_corrupt:
                    raise NotAVideo("a part of its picture is damaged")
        if time.monotonic() > deadline:
            raise NotAVideo(f"it was not decoded within {DECODE_SECONDS} s")
    if frames != video.samples or (audio and not sound):
        raise NotAVideo(f"it promises {video.samples} pictures and holds {frames}")
    return Clip(
        duration_seconds=round(video.duration_seconds, 3),
        width=picture.codec_context.width,
        height=picture.codec_context.height,
        fps=round(frames / video.duration_seconds, 3),
        has_audio=audio is not None,
        video_codec=picture.codec_context.codec.canonical_name,
        audio_codec=sound.codec_context.codec.canonical_name if audio and sound else "",
    )


def _frame_at(container: InputContainer, seconds: float) -> VideoFrame:
    """Return the first frame at or after this time, or the last one, decoded from the nearest keyframe."""
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_pixels": str(MAX_CLIP_PIXELS)}
    if seconds > 0:
        container.seek(int(seconds * av.time_base))
    deadline = time.monotonic() + DECODE_SECONDS
    frame = None
    for frame in container.decode(stream):
        if time.monotonic() > deadline or (frame.time or 0.0) >= seconds:
            break
    if frame is None:
        raise NotAVideo("it holds no picture")
    return frame
