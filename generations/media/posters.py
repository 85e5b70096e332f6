"""Make the still pictures of a clip: the poster, and the small one that lists load."""

import io
from dataclasses import dataclass

from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

WIDTH, SMALL_WIDTH = 640, 320
QUALITY = 82
COLOR_SIDE = 32  # of the picture whose colors are counted
COLORS = 6


@dataclass(frozen=True, slots=True)
class Stills:
    """Two JPEGs of one picture, named as the columns that they fill."""

    poster: bytes
    poster_small: bytes


def stills_of(frame: VideoFrame) -> Stills:
    """Return a picture as JPEGs of at most 640 and 320 pixels' width. Raises: FFmpegError when it cannot be scaled."""
    scale = min(1.0, WIDTH / frame.width)
    size = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
    # A JPEG's own colors, which its encoder takes as they are; through RGB it costs twice as much.
    scaled = frame.reformat(
        *size,
        format="yuvj444p",
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BILINEAR,
    )
    planes = [Image.frombuffer("L", size, bytes(plane), "raw", "L", plane.line_size, 1) for plane in scaled.planes]
    large = small = Image.merge("YCbCr", planes)
    if large.width > SMALL_WIDTH:
        high = max(1, round(large.height * SMALL_WIDTH / large.width))
        # First by whole numbers, which is all in a picture of even shape and costs a quarter.
        small = large.resize((SMALL_WIDTH, high), Image.Resampling.BOX, reducing_gap=1)
    return Stills(_jpeg(large), _jpeg(small))


def dominant_color(jpeg: bytes) -> str:
    """Return the color of the largest part of a poster, such as `#1a2b3c`. Raises: OSError for what is no JPEG."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        image.draft("RGB", (COLOR_SIDE, COLOR_SIDE))  # decodes the JPEG at a fraction of its size
        small = image.convert("RGB").resize((COLOR_SIDE, COLOR_SIDE), Image.Resampling.BOX)
    reduced = small.quantize(COLORS, Image.Quantize.MEDIANCUT)
    counts = reduced.histogram()
    at = 3 * counts.index(max(counts))
    return f"#{bytes((reduced.getpalette() or [])[at : at + 3]).hex()}"


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)  # progressive ones cost six times the CPU, and save a tenth of the bytes
    return out.getvalue()
