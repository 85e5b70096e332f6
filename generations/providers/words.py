"""The names of parameters for people, and lists of values as text."""

from __future__ import annotations

from collections.abc import Sequence

from generations.translation import _, gettext_noop

NAMES = {
    "prompt": gettext_noop("prompt"),
    "negative_prompt": gettext_noop("negative prompt"),
    "duration": gettext_noop("duration"),
    "aspect_ratio": gettext_noop("aspect ratio"),
    "resolution": gettext_noop("resolution"),
    "sound": gettext_noop("sound"),
    "cfg_scale": gettext_noop("CFG scale"),
    "route": gettext_noop("route"),
    "images": gettext_noop("images"),
    "start_image": gettext_noop("start image"),
    "end_image": gettext_noop("end image"),
    "video": gettext_noop("video"),
}


def label(name: str) -> str:
    """Return a parameter's name for people: `Aspect ratio`."""
    words = spoken(name)
    return f"{words[:1].upper()}{words[1:]}"


def spoken(name: str) -> str:
    """Return a parameter's name as it stands within a sentence: `aspect ratio`."""
    return _(NAMES[name]) if name in NAMES else name.replace("_", " ")


def alternatives(options: Sequence[object]) -> str:
    """Return a list as text: `5 or 10`; `16:9, 9:16 or 1:1`."""
    *others, last = [str(option) for option in options] or [""]
    return _("{others} or {last}").format(others=", ".join(others), last=last) if others else last
