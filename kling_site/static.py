"""Serve static files gzipped with no collectstatic step: each copy is made once, when a site without DEBUG starts."""

import gzip
import hashlib
import logging
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

logger = logging.getLogger(__name__)

COMPRESSIBLE = (".css", ".js", ".json", ".map", ".svg", ".txt")


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, which looks for compressed copies below var/ instead of beside the files."""

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> Any:
        file = super().get_static_file(path, url, stat_cache)
        if self.autorefresh or not path.endswith(COMPRESSIBLE) or not (copy := gzipped(path)):
            return file
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        return StaticFile(path, headers.items(), encodings={"gzip": copy})


@cache
def gzipped(path: str) -> str:
    """Return the gzipped copy of a file, empty where it cannot be written: then the file is served as it is."""
    facts = os.stat(path)
    name = hashlib.sha256(f"{path} {facts.st_mtime_ns} {facts.st_size}".encode()).hexdigest()
    copy = Path(settings.STATIC_COPIES) / f"{name}.gz"
    if not copy.exists():
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=copy.parent, delete=False) as part:
                part.write(gzip.compress(Path(path).read_bytes(), mtime=0))
            Path(part.name).replace(copy)
        except OSError as error:
            logger.warning("static files are served uncompressed: %s", error)
            return ""
    return str(copy)
