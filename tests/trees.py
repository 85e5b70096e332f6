"""Files of a store, as tests want them: complete clips, old files, strange things."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from generations.models import GenerationTask, Video
from tests.factories import NOW, a_video

OLD = timedelta(hours=2)  # older than any file whose row may still come


def a_complete_video(task: GenerationTask | None = None, *, content: bytes = b"a whole clip", **changes: Any) -> Video:
    """A stored clip whose file is what its row says."""
    return a_video(task, content=content, sha256=hashlib.sha256(content).hexdigest(), **changes)


def a_file(name: str, content: bytes = b"stray", *, age: timedelta = OLD) -> Path:
    """A file below MEDIA_ROOT, this old at NOW."""
    path = Path(settings.MEDIA_ROOT, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return aged(path, age)


def aged(path: Path, age: timedelta = OLD) -> Path:
    at = (NOW - age).timestamp()
    os.utime(path, (at, at))
    return path


def tree() -> dict[str, bytes]:
    """Every file below MEDIA_ROOT, with its bytes."""
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
