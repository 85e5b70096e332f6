"""Probe an image at a URL that a person gave, before money is spent: does it answer, is it accepted?

The provider fetches it again, from its own network. A person is told neither what answered nor whether a name leads to
a private network; the log has it.
"""

import logging
from collections.abc import Collection
from functools import partial

import requests

from generations.media.images import MAX_IMAGE_BYTES, BadImage, picture_kind
from generations.media.origins import NO_ANSWER, Deadline, NotAllowed, any_origin, cause, get, shown
from generations.translation import _

logger = logging.getLogger(__name__)

PROBE_SECONDS = 8.0  # a person waits for it
CHUNK_BYTES = 64 * 1024


class WrongPicture(Exception):
    """The URL has no image that the model accepts: the order would fail."""


class NotSeen(Exception):
    """The URL does not answer from here; our network may be the cause, so a person decides."""


def probe(url: str, *, kinds: tuple[str, ...], near: Collection[str]) -> str:
    """Return the kind (`jpg`, `png`, `webp`) of the image at a URL. Raises: WrongPicture, NotSeen.

    `near` are the origins that may be on this machine or network; what answers at others there is never asked.
    """
    try:
        allowed = partial(any_origin, near=near)
        with Deadline(PROBE_SECONDS) as deadline, get(url, allowed, deadline) as answer:
            return _kind(_body(answer), kinds)
    except (_Useless, NotAllowed, requests.TooManyRedirects) as error:
        logger.info("the picture at %s cannot be used: %s", shown(url), error)
        words = _("no picture that can be used: {kinds} of at most {most} MB")
        either = _("or")
        raise WrongPicture(words.format(kinds=f" {either} ".join(kinds), most=MAX_IMAGE_BYTES // 10**6)) from error
    except NO_ANSWER as error:  # also of a private address: whoever gives one learns nothing of this network
        logger.info("the picture at %s could not be read: %s", shown(url), cause(error))
        words = _("no answer from here within {seconds} s, or no connection")
        raise NotSeen(words.format(seconds=f"{PROBE_SECONDS:g}")) from error


class _Useless(Exception):
    pass  # the text is for the log


def _kind(data: bytes, kinds: tuple[str, ...]) -> str:
    try:
        kind = picture_kind(data)
    except BadImage as error:
        raise _Useless(f"{len(data)} bytes that are no complete picture") from error
    if kind not in kinds:
        raise _Useless(f"a {kind} picture")
    return kind


def _body(answer: requests.Response) -> bytes:
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
        raise requests.HTTPError(f"its server answers {answer.status_code}")
    if answer.status_code != 200:
        raise _Useless(f"its server answers {answer.status_code}")
    data = bytearray()
    while chunk := answer.raw.read1(CHUNK_BYTES, decode_content=False):
        data += chunk
        if len(data) > MAX_IMAGE_BYTES:
            raise _Useless(f"more than {MAX_IMAGE_BYTES} bytes")
    return bytes(data)
