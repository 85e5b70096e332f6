"""Verify that a clip is complete, in two steps, and make its poster.

The first step decides whether a file is stored: `mp4.py` checks its structure, `nal.py` every unit of its picture, and
FFmpeg (PyAV) decodes its sound and its key frames. The second, `decode_all`, may come later and decodes every frame.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from generations.media import frames
from generations.media.frames import AllFrames, KeyFrames, Patience, TookTooLong
from generations.media.mp4 import NotAVideo, Track, read_tracks
from generations.media.nal import SampleCheck
from generations.media.posters import Stills, stills_of

__all__ = [
    "Clip",
    "NotAVideo",
    "Stills",
    "TookTooLong",
    "Verified",
    "decode_all",
    "frame_at",
    "opened",
    "poster",
    "salvage",
    "starts_at",
    "verify",
]

# Kling sells 5 and 10 s at up to 1080p. Room for what may come (4K, two minutes), and none for a file that is
# made to keep a worker busy or fill its memory: a decoder may hold 16 pictures of this size, 230 MB.
MAX_SECONDS = 120
MAX_CLIP_PIXELS = 4096 * 2304
# What browsers play; a hostile file must not reach FFmpeg's other 500 decoders.
VIDEO_CODES = {"avc1", "avc3", "hvc1", "hev1", "av01", "vp08", "vp09", "mp4v"}
AUDIO_CODES = {"mp4a", "Opus", "fLaC", ".mp3", "ac-3", "ec-3"}
UNPLAYABLE = "its picture or sound is in a format that browsers do not play"
DECODERS = {"h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "aac", "opus", "flac", "mp3", "ac3", "eac3"}
# Of the duration: later than the first frame, which equals the start image.
POSTER_AT = 0.15
ROUNDING = 1e-6  # of times


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


@dataclass(frozen=True, slots=True)
class Verified:
    """A clip that passed the first step; `is_decoded`: every frame was decoded, so no second step is due."""

    clip: Clip
    stills: Stills | None
    is_decoded: bool


def verify(path: Path) -> Verified:
    """Check a clip's structure, every sample, its sound and its key frames; return what it contains.

    A picture that is neither H.264 nor H.265 is decoded whole. Costs: tests/bench/bench_verify.py.
    Raises: NotAVideo, with words for staff; OSError when the disk refuses.
    """
    video, audio = _choose(read_tracks(path))
    at = video.duration_seconds * POSTER_AT
    with _opened(path) as container:
        picture = container.streams.video[0]
        check = SampleCheck.of(picture.codec_context.codec.canonical_name, picture.codec_context.extradata or b"")
        watch = KeyFrames(picture, check, at, video.duration_seconds) if check else AllFrames(picture, at)
        clip = _read(container, watch, video, audio)
        return Verified(clip, stills_of(watch.poster) if watch.poster else None, is_decoded=check is None)


def decode_all(path: Path) -> None:
    """Decode every frame of a clip and all of its sound; nothing is left unread.

    Raises: NotAVideo, of which TookTooLong proves nothing; OSError when the disk refuses.
    """
    video, audio = _choose(read_tracks(path))
    with _opened(path) as container:
        picture = container.streams.video[0]
        picture.codec_context.options |= {"skip_loop_filter": "all"}  # it finds the same, for two thirds of the cost
        _read(container, AllFrames(picture, 0.0), video, audio)


def salvage(path: Path) -> Clip:
    """Return what a refused file's index says of it; 0 where it says nothing. Raises: OSError."""
    try:
        tracks = read_tracks(path)
    except NotAVideo:
        tracks = []
    video = next((track for track in tracks if track.handler == "vide" and track.ticks), None)
    if video is None:
        return Clip(0.0, 0, 0, 0.0, has_audio=False, video_codec="", audio_codec="")
    seconds = video.duration_seconds
    has_audio = any(track.handler == "soun" and track.samples for track in tracks)
    return Clip(round(seconds, 3), video.width, video.height, round(video.samples / seconds, 3), has_audio, "", "")


def poster(path: Path, *, seconds: float | None = None, within_seconds: float | None = None) -> Stills:
    """Return the stills of the frame at this time, or of the one that stands for a clip where nobody chose another.

    Raises: NotAVideo when there is no such frame, of which TookTooLong proves nothing; OSError when the disk refuses.
    """
    with opened(path) as (container, duration):
        at = duration * POSTER_AT if seconds is None else seconds
        return stills_of(frame_at(container, at, Patience(within_seconds)))


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, float]]:
    """Open a clip for decoding its picture, within the limits of `verify`; yield it and its duration in seconds.

    Raises: NotAVideo, for all errors of FFmpeg's inside too; OSError when the disk refuses.
    """
    video, _ = _choose(read_tracks(path))
    with _opened(path) as container:
        yield container, video.duration_seconds


def starts_at(stream: VideoStream) -> float:
    """Return when a picture's first frame is shown, in seconds of its track, whose edit list is ignored."""
    return float((stream.start_time or 0) * (stream.time_base or 0))


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
        # It would decode some frames only to learn what the index says: ten times the cost of the rest.
        "codec_whitelist": "none",
        "probesize": "32",
        "ignore_editlist": "1",  # hidden samples were paid for and must be complete too
    }
    try:
        with av.open(f"file:{path}", format="mp4", options=options, timeout=frames.DECODE_SECONDS) as container:
            streams = (*container.streams.video, *container.streams.audio)
            if any(stream.codec_context is None for stream in streams):
                raise NotAVideo(UNPLAYABLE)
            if any(stream.codec_context.codec.canonical_name not in DECODERS for stream in streams):
                raise NotAVideo(UNPLAYABLE)
            if not container.streams.video:
                raise NotAVideo("it has no picture")
            _set_up(container.streams.video[0])
            yield container
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        raise NotAVideo("it cannot be decoded: some of its data is damaged or missing") from error


def _set_up(picture: VideoStream) -> None:
    """Decode on one thread: several jobs run at once, and more threads cost more CPU in all."""
    picture.codec_context.thread_count = 1
    picture.codec_context.options = {
        "err_detect": "explode",  # else some decoders conceal damage
        "max_pixels": str(MAX_CLIP_PIXELS),
        "strict": "1",  # wait for late frames as long as the standard allows
    }


def _read(container: InputContainer, watch: AllFrames | KeyFrames, video: Track, audio: Track | None) -> Clip:
    """Read every sample of the picture and the sound once. Raises: NotAVideo."""
    picture, sound = container.streams.video[0], next(iter(container.streams.audio), None)
    patience = Patience()
    for packet in container.demux(*(stream for stream in (picture, sound) if stream)):
        if packet.stream is picture:
            watch.take(cast("Packet[VideoStream]", packet))
        else:
            packet.decode()
        patience.check()
    pictures = watch.finish(patience)
    if pictures != video.samples or (audio and not sound):
        raise NotAVideo(f"it promises {video.samples} pictures and holds {pictures}")
    return Clip(
        duration_seconds=round(video.duration_seconds, 3),
        width=picture.codec_context.width,
        height=picture.codec_context.height,
        fps=round(pictures / video.duration_seconds, 3),
        has_audio=audio is not None,
        video_codec=picture.codec_context.codec.canonical_name,
        audio_codec=sound.codec_context.codec.canonical_name if audio and sound else "",
    )


def frame_at(container: InputContainer, seconds: float, patience: Patience) -> VideoFrame:
    """Return the first frame at or after this time, or the last one, decoded from the nearest key frame.

    Raises: NotAVideo, of which TookTooLong proves nothing.
    """
    stream = container.streams.video[0]
    at = seconds + starts_at(stream)
    if seconds > 0:
        container.seek(int(at * av.time_base))
    frame = None
    for frame in container.decode(stream):
        patience.check()
        if (frame.time or 0.0) + ROUNDING >= at:
            break
    if frame is None:
        raise NotAVideo("it holds no picture")
    return frame
