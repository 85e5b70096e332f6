"""Read uploaded images: accept JPG, PNG and WebP by content, re-encode them upright without metadata."""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from generations.media.image_parts import check_chunks, scans_of
from generations.translation import _, gettext_noop

# Both from the providers' pages: "JPG, PNG, WebP, max 10MB per image".
MAX_IMAGE_BYTES = 10_000_000
IMAGE_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# What holds 100 MB and a second (docs/measurements.md). Pillow takes 4 bytes a pixel, twice that while it turns one, 16
# for WebP; a JPG that comes in several scans, as a progressive one does, takes 2 a pixel and colour besides.
MOST_PIXELS = {"JPEG": 25_000_000, "PNG": 9_000_000, "WEBP": 4_200_000}
MOST_SCANNED_COLOURS = 27_000_000  # pixels times colours: 9 megapixels in RGB
# A JPG that is larger than 4K is read at half its width and height: still more than a clip of 1080p has.
KEPT_PIXELS = 3840 * 2160
QUICK_PNG_PIXELS = 2_500_000  # above, a PNG is compressed less, which takes a third of the time
# 95 looks like the original. A JPG that was saved at less may exceed the limit: then less.
JPEG_QUALITIES = (95, 90, 85, 75)

# What Pillow raises for broken images; it has no exception of its own for them.
BROKEN_PICTURE = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, ArithmeticError)
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
    (b"<?xml", gettext_noop("SVG or XML")),
    (b"<", gettext_noop("HTML or XML")),
    (b"\0\0\0", gettext_noop("HEIC, AVIF or a video")),
)
PngImagePlugin.MAX_TEXT_MEMORY = 8_000_000  # bytes of texts that come packed; Pillow's own limit is 67 MB
KIND_NAMES = {"JPEG": "JPG", "PNG": "PNG", "WEBP": "WebP"}
SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True, slots=True)
class CleanImage:
    """An image that was decoded and re-encoded, with nothing but its pixels; `extension` has no dot."""

    content: bytes
    extension: str
    width: int
    height: int


class BadImage(Exception):
    """The upload breaks a rule; the text tells the person which."""


def clean_image(source: BinaryIO) -> CleanImage:
    """Return the uploaded picture upright and without metadata, WebP as JPG or PNG. Raises: BadImage.

    The content decides, not the name. Limits: APIXO's pages (10 MB), and megapixels against bombs.
    """
    data = source.read(MAX_IMAGE_BYTES + 1)
    if len(data) > MAX_IMAGE_BYTES:
        source.seek(0, io.SEEK_END)
        raise BadImage(
            _("{size}: at most {most}").format(size=_megabytes(source.tell()), most=_megabytes(MAX_IMAGE_BYTES))
        )
    with _opened(data) as (found, image):
        _check_pixels(image, found, data)
        if found == "JPEG" and image.width * image.height > KEPT_PIXELS:
            image.draft(None, (image.width // 2, image.height // 2))
        upright = _upright(image)
    if found == "WEBP":  # not every model takes it, and to write it takes four times the memory
        found = "PNG" if upright.mode == "RGBA" else "JPEG"
    return CleanImage(_encoded(upright, found), IMAGE_FORMATS[found], *upright.size)


def picture_kind(data: bytes) -> str:
    """Return `jpg`, `png` or `webp` for a complete image, without decoding it. Raises: BadImage for anything else."""
    with _opened(data) as (found, image):
        image.verify()
    return IMAGE_FORMATS[found]


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[str, Image.Image]]:
    """Yield the format and the undecoded image. Raises: BadImage, also for what fails in the block."""
    found = _kind_of(data)
    if found not in IMAGE_FORMATS:
        raise BadImage(_("not a JPG, PNG or WebP picture (it is {found})").format(found=_(found)))
    try:
        if found == "JPEG":
            scans_of(data)
        elif found == "PNG":
            check_chunks(data)
        with Image.open(io.BytesIO(data), formats=(found,)) as image:
            # A phone's JPG may carry a second picture for depth ("MPO"): the first one is visible.
            if found != "JPEG" and getattr(image, "is_animated", False):
                raise BadImage(_("it is animated: send a single picture"))
            yield found, image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        most = MOST_PIXELS[found] // 10**6
        raise BadImage(_("far too many megapixels: at most {most}").format(most=most)) from error
    except (*BROKEN_PICTURE, struct.error, zlib.error, MemoryError) as error:
        raise BadImage(_("the picture is cut or damaged: save it again and retry")) from error


def _kind_of(data: bytes) -> str:
    """Return the format by its first bytes, so that Pillow reads no other formats."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next(
        (name for start, name in FIRST_BYTES if data.startswith(start)),
        gettext_noop("unknown") if data else gettext_noop("empty"),
    )


def _check_pixels(image: Image.Image, found: str, data: bytes) -> None:
    kind, most = KIND_NAMES[found], MOST_PIXELS[found]
    if found == "JPEG" and (scans_of(data) > 1 or image.info.get("progressive")):
        kind, most = _("progressive JPG"), min(most, int(MOST_SCANNED_COLOURS / _colours(image)))
    pixels = image.width * image.height
    if pixels > most:
        words = _("{count} megapixels: at most {most} as {kind}")
        raise BadImage(words.format(count=math.ceil(pixels / 1e6), most=most // 10**6, kind=kind))


def _colours(jpg: Image.Image) -> float:
    """Return how many values a pixel has: 3 in RGB, half of that where the colours are at half size, as usual."""
    samplings: list[tuple[int, int]] = [(across, down) for _n, across, down, _t in jpg.layer]  # type: ignore[attr-defined]
    whole = max(across for across, _down in samplings) * max(down for _across, down in samplings)
    return sum(across * down for across, down in samplings) / whole


def _upright(image: Image.Image) -> Image.Image:
    """Return the pixels in sRGB, rotated as the camera was held, without metadata."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)  # without a copy
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would clip all but the darkest 256 shades
        image = image.point(lambda value: value / 256).convert("L")
    elif image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
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
    """Return the image as a JPEG or PNG, at the best quality that fits the limit."""
    for quality in JPEG_QUALITIES if kind == "JPEG" else (0,):
        out = io.BytesIO()
        if kind == "JPEG":
            plain = image if image.mode == "RGB" else image.convert("RGB")
            plain.save(out, "JPEG", quality=quality, subsampling=0 if quality >= 95 else 2)
        else:
            image.save(out, "PNG", compress_level=6 if image.width * image.height <= QUICK_PNG_PIXELS else 1)
        if out.tell() <= MAX_IMAGE_BYTES:
            return out.getvalue()
    as_png = _("{size} after cleaning, at most {most} as PNG: save it as JPG")
    words = as_png if kind == "PNG" else _("{size} after cleaning, at most {most}: make it smaller")
    raise BadImage(words.format(size=_megabytes(out.tell()), most=_megabytes(MAX_IMAGE_BYTES)))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"
