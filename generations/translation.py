"""Translate what people read, for the modules that know no Django; `apps` says how, with Django's gettext."""

from __future__ import annotations

from collections.abc import Callable


def _untranslated(message: str) -> str:
    return message


translate: Callable[[str], str] = _untranslated


def _(message: str) -> str:
    """Return the message in the language of whoever reads it; in English where nobody said which."""
    return translate(message)


def gettext_noop(message: str) -> str:
    """Mark a message that is translated where it is shown: `_(MODE_NAMES[mode])`."""
    return message
