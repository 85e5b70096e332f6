"""What only the account that runs the site may read: `.env`, with its keys, and an SQLite database, with everything."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

MODE = 0o600
BESIDE = ("", "-journal", "-wal", "-shm")  # SQLite makes these with the mode of the database


def close() -> None:
    """Take this site's files from everybody else."""
    take(settings.BASE_DIR, settings.DATABASES["default"])


def take(root: Path, database: Mapping[str, Any]) -> None:
    """Take the files of a site from everybody else. A new database is made here, so that it is never open to others."""
    names = [root / ".env"]
    if database["ENGINE"].endswith("sqlite3") and isinstance(database["NAME"], Path):
        database["NAME"].parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(database["NAME"], os.O_RDWR | os.O_CREAT, MODE))
        names += [Path(f"{database['NAME']}{end}") for end in BESIDE]
    for name in names:
        try:
            if name.stat().st_mode & 0o777 & ~MODE:
                name.chmod(MODE)
        except FileNotFoundError:
            continue
        except OSError as error:  # of another account: it goes on as it did
            logger.warning("%s may be read by others, and its mode cannot be changed: %s", name, error)
