"""Probe an image at a URL that a person gave, before money is spent: does it answer, is it accepted?

The provider fetches it again, from its own network.
"""

from collections.abc import Collection
from functools import partial

import requests
import urllib3
from requests_hardened.ip_filter import InvalidIPAddress

from generations.media.images import MAX_IMAGE_BYTES, BadImage, picture_kind
from generations.media.origins import Deadline, NotAllowed, any_origin, get
from generations.translation import _

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
            data = _body(answer)
        kind = picture_kind(data)
    except (BadImage, requests.TooManyRedirects) as error:
        raise WrongPicture(str(error)) from error
    except NotAllowed as error:
        raise WrongPicture(_("no plain http or https address")) from error
    except InvalidIPAddress as error:
        raise WrongPicture(_("a private or local address, which the provider cannot reach")) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error.__cause__ or error.__context__, InvalidIPAddress):
            raise WrongPicture(_("a private or local address, which the provider cannot reach")) from error
        raise NotSeen(
            _("no answer from here within {seconds} s, or no connection").format(seconds=f"{PROBE_SECONDS:g}")
        ) from error
    if kind not in kinds:
        either = _("or")
        words = _("a {kind} picture, where {kinds} is taken")
        raise WrongPicture(words.format(kind=kind, kinds=f" {either} ".join(kinds)))
    return kind


def _body(answer: requests.Response) -> bytes:
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
        raise requests.HTTPError(f"{answer.status_code}")
    if answer.status_code != 200:
        raise WrongPicture(_("its server answers {status}").format(status=answer.status_code))
    data = bytearray()
    while chunk := answer.raw.read1(CHUNK_BYTES, decode_content=False):
        data += chunk
        if len(data) > MAX_IMAGE_BYTES:
            raise WrongPicture(_("more than {most} MB").format(most=MAX_IMAGE_BYTES // 1_000_000))
    return bytes(data)
