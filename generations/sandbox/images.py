"""Fetch and check start and end images, as the providers do before they accept an order."""

import hashlib
import io
from pathlib import Path
from urllib.parse import urlsplit

import requests
from PIL import Image
from urllib3.exceptions import HTTPError

from .rules import is_loopback

FETCH_SECONDS = 3.0
MOST_BYTES = 10_000_000  # "max 10MB per image"
MOST_PIXELS = 50_000_000
STORED_SIDE = 1280  # pixels; a background need not be larger


class BadImage(Exception):
    """Raised for an unusable image; `reason` is unreachable, format or size."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Images:
    """Images of orders: those on this machine are fetched, others are accepted unseen, without network access."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def check(self, urls: tuple[str, ...], formats: tuple[str, ...]) -> tuple[str, tuple[int, int] | None]:
        """Return the stored name and the size of the first image, empty if it was not fetched. Raises: BadImage."""
        first: tuple[str, tuple[int, int] | None] = ("", None)
        for number, url in enumerate(urls):
            if not is_loopback(urlsplit(url).hostname or ""):
                continue
            image = _open(_fetch(url), url, formats)
            if number == 0:
                first = self._store(image), image.size
        return first

    def load(self, name: str) -> Image.Image | None:
        """Return a stored image, or None when it is missing: the clip is then drawn without it."""
        try:
            with Image.open(self.directory / name) as image:
                return image.convert("RGB")
        except OSError:
            return None

    def _store(self, image: Image.Image) -> str:
        small = image.convert("RGB")
        small.thumbnail((STORED_SIDE, STORED_SIDE))
        data = io.BytesIO()
        small.save(data, "JPEG", quality=88)
        name = hashlib.sha256(data.getvalue()).hexdigest()[:24] + ".jpg"
        (self.directory / name).write_bytes(data.getvalue())
        return name


def _fetch(url: str) -> bytes:
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, timeout=FETCH_SECONDS, stream=True, allow_redirects=False)
            if answer.status_code != 200:
                raise BadImage("unreachable", f"{url} answers {answer.status_code}")
            data = answer.raw.read(MOST_BYTES + 1, decode_content=True)
    except (requests.RequestException, HTTPError, OSError) as error:
        raise BadImage("unreachable", f"{url} cannot be fetched") from error
    if len(data) > MOST_BYTES:
        raise BadImage("size", f"{url} is larger than 10 MB")
    return bytes(data)


def _open(data: bytes, url: str, formats: tuple[str, ...]) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
        if image.width * image.height > MOST_PIXELS:
            raise BadImage("size", f"{url} has too many pixels")
        image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadImage("format", f"{url} is not one of: {', '.join(formats)}") from error
    return image
