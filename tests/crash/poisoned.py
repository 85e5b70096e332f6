"""Settings of a site on which some clips and some answers kill the process that touches them, each time."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from generations.media import clips
from generations.media.clips import Verified
from generations.providers.http import Answer, ApiClient
from kling_site.settings import *  # noqa: F403

real_verify, real_get = clips.verify, ApiClient.get


def verify(path: Path) -> Verified:
    """A clip of 2 s is poison: `[poison]`."""
    verified = real_verify(path)
    if verified.clip.duration_seconds > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return verified


def get(self: ApiClient, path: str, **params: str) -> Answer:
    """So is a state that nobody knows: `[odd state]`."""
    answer = real_get(self, path, **params)
    if "processing_r2" in answer.excerpt:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


clips.verify = verify
ApiClient.get = get  # type: ignore[method-assign]
