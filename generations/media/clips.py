"""Look into files: is this a whole clip, what does its picture look like, is this upload a picture.

FFmpeg (PyAV) reads the clips, Pillow the pictures; `mp4.py` checks the structure before FFmpeg sees a clip.
"""

import io
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from PIL import Image, ImageCms, ImageOps

from generations.media.mp4 import NotAVideo, Track, read_tracks

__all__ = ["BadImage", "CleanImage", "Clip", "NotAVideo", "clean_image", "poster", "verify"]

# Kling sells 5 and 10 s at up to 1080p. Room for what may come (4K, two minutes), and none for a file that is
# made to keep a worker busy or fill its memory: a decoder may hold 16 pictures of this size, 230 MB.
MAX_SECONDS = 120
MAX_CLIP_PIXELS = 4096 * 2304
# A 10 s clip decodes in one to three seconds; the job that calls us has 240 s for everything.
DECODE_SECONDS = 60
# What browsers play, and mature: none of FFmpeg's other 500 decoders is within a hostile file's reach.
VIDEO_CODES = {"avc1", "avc3", "hvc1", "hev1", "av01", "vp08", "vp09", "mp4v"}
AUDIO_CODES = {"mp4a", "Opus", "fLaC", ".mp3", "ac-3", "ec-3"}
UNPLAYABLE = "its picture or sound is in a format that browsers do not play"
DECODERS = "h264,hevc,libdav1d,av1,vp8,vp9,libvpx-vp9,mpeg4,aac,opus,libopus,flac,mp3float,mp3,ac3,eac3"

# Both from the providers' pages: "JPG, PNG, WebP, max 10MB per image".
MAX_IMAGE_BYTES = 10 * 2**20
IMAGE_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# Twelve times 1080p; 75 MB in memory.
MAX_IMAGE_PIXELS = 25_000_000
# 95 is not told from the original by eye. A JPG that was saved at less may grow beyond the limit: then less.
JPEG_QUALITIES = (95, 90, 85, 75)
POSTER_QUALITY = 82

# What Pillow's readers raise on broken pictures; it has no exception of its own for them.
BROKEN_PICTURE = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError)
FIRST_BYTES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%PDF", "PDF"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG or XML"),
    (b"<", "HTML or XML"),
    (b"\0\0\0", "HEIC, AVIF or a video"),
)
SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True, slots=True)
class Clip:
    """What a video file really is: the duration is that of its picture, `audio_codec` is "" without sound."""

    duration_seconds: float
    width: int
    height: int
    fps: float
    has_audio: bool
    video_codec: str
    audio_codec: str


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture that was decoded and written anew, with nothing but its pixels; `extension` has no dot."""

    content: bytes
    extension: str
    width: int
    height: int


class BadImage(Exception):
    """The upload breaks a rule, which the message names for the person who sent it."""


def verify(path: Path) -> Clip:
    """Return what the clip is, after checking that all of it is there; raise NotAVideo (for staff) when not.

    Checked: the boxes, every sample of every track inside the file, and every picture and sound decoded.
    An error of the disk is an OSError. Costs: tests/bench/bench_verify.py.
    """
    video, audio = _choose(read_tracks(path))
    with _opened(path) as container:
        return _decode(container, video, audio)


def poster(path: Path, destination: Path, *, at: float = 0.15, width: int = 640) -> None:
    """Write a JPEG of the picture at this fraction of the clip's duration, at most `width` pixels wide.

    Raises NotAVideo when there is no such picture, OSError when the disk refuses.
    """
    video, _ = _choose(read_tracks(path))
    with _opened(path) as container:
        frame = _frame_at(container, video.duration_seconds * at)
        scale = min(1.0, width / frame.width)
        size = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
        image = frame.reformat(width=size[0], height=size[1], format="rgb24").to_image()  # type: ignore[no-untyped-call]
    image.save(destination, "JPEG", quality=POSTER_QUALITY, progressive=True)


def _choose(tracks: list[Track]) -> tuple[Track, Track | None]:
    """Return the picture and the sound, refusing what is not worth decoding."""
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
    """Open with the MP4 reader and nothing else, and speak of FFmpeg's errors in our words."""
    options = {
        "protocol_whitelist": "file",  # nothing in the file can make FFmpeg open an address
        "codec_whitelist": DECODERS,
        "ignore_editlist": "1",  # samples that an edit list hides were paid for and must be whole too
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
        "err_detect": "explode",  # or some decoders paint over damage and say nothing
        "max_pixels": str(MAX_CLIP_PIXELS),
        "strict": "1",  # wait for late pictures as long as the standard allows, and drop none that come unordered
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
    """Return the first picture at or after this time, or the last one: from the nearest keyframe on."""
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


def clean_image(source: BinaryIO) -> CleanImage:
    """Return the uploaded JPG, PNG or WebP upright and without metadata; raise BadImage when it is none.

    The content decides, not the name. Limits: APIXO's pages (10 MB), and 25 megapixels against bombs.
    """
    data = source.read(MAX_IMAGE_BYTES + 1)
    if len(data) > MAX_IMAGE_BYTES:
        source.seek(0, io.SEEK_END)
        raise BadImage(f"{_megabytes(source.tell())}: at most {_megabytes(MAX_IMAGE_BYTES)}")
    found, upright = _read(data)
    return CleanImage(_encoded(upright, found), IMAGE_FORMATS[found], *upright.size)


def picture_kind(data: bytes) -> str:
    """Return `jpg`, `png` or `webp` for a picture that can be read whole; raise BadImage for anything else."""
    return IMAGE_FORMATS[_read(data)[0]]


def _read(data: bytes) -> tuple[str, Image.Image]:
    found = _kind_of(data)
    if found not in IMAGE_FORMATS:
        raise BadImage(f"not a JPG, PNG or WebP picture (it is {found})")
    try:
        with Image.open(io.BytesIO(data), formats=(found,)) as image:
            _check(image, found)
            return found, _upright(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImage(f"far too many megapixels: at most {MAX_IMAGE_PIXELS // 10**6}") from error
    except (*BROKEN_PICTURE, struct.error, zlib.error, MemoryError) as error:
        raise BadImage("the picture is cut or damaged: save it again and retry") from error


def _kind_of(data: bytes) -> str:
    """Name the format by its first bytes, so that no reader of Pillow's meets what we do not accept."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((name for start, name in FIRST_BYTES if data.startswith(start)), "unknown" if data else "empty")


def _check(image: Image.Image, found: str) -> None:
    pixels = image.width * image.height
    if pixels > MAX_IMAGE_PIXELS:
        raise BadImage(f"{pixels / 1e6:.0f} megapixels: at most {MAX_IMAGE_PIXELS // 10**6}")
    # A phone's JPG may carry a second picture for depth ("MPO"): its first one is what the person sees.
    if found != "JPEG" and getattr(image, "is_animated", False):
        raise BadImage("it is animated: send a single picture")


def _upright(image: Image.Image) -> Image.Image:
    """Return the pixels in sRGB, turned as the camera was held, in a picture that carries nothing else."""
    image = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would cut off all but the darkest 256 shades
        image = image.point(lambda value: value / 256).convert("L")
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    if profile and image.mode in ("RGB", "CMYK"):
        # Phones photograph in wider colours. A profile that cannot be read is dropped like other metadata.
        with suppress(ImageCms.PyCMSError, *BROKEN_PICTURE):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB") or image
    if image.mode == "CMYK":
        image = image.convert("RGB")
    image.info = {}
    return image


def _encoded(image: Image.Image, kind: str) -> bytes:
    """Return the picture as a file of the same kind, at the best quality that fits the limit."""
    for quality in JPEG_QUALITIES if kind != "PNG" else (0,):
        out = io.BytesIO()
        if kind == "JPEG":
            image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=0 if quality >= 95 else 2)
        elif kind == "WEBP":
            image.save(out, "WEBP", quality=quality, method=2)
        else:
            image.save(out, "PNG")
        if out.tell() <= MAX_IMAGE_BYTES:
            return out.getvalue()
    hint = " as PNG: save it as JPG" if kind == "PNG" else ": make it smaller"
    raise BadImage(f"{_megabytes(out.tell())} after cleaning, at most {_megabytes(MAX_IMAGE_BYTES)}{hint}")


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f}".removesuffix(".0") + " MB"
