"""Move orphan files, which no row names, to quarantine, where a person decides; delete and overwrite nothing.

A row may come meanwhile: a suspended worker may resume, a start image may be uploaded again. So rows are queried
before and after the move, and a file goes back at once if a row names it or it is not the file that was listed. After
a crash in between it stays in quarantine, where the next run finds it for its row.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from generations.integrity.compare import names_of_rows, orphan_files
from generations.media.store import Found, shown, store

logger = logging.getLogger(__name__)


@dataclass
class Quarantined:
    moved: list[dict[str, str]] = field(default_factory=list)  # "from" and "to"
    left: list[tuple[str, str]] = field(default_factory=list)  # a name, and why it stays


def quarantine_orphans(found: list[Found], *, at: datetime) -> Quarantined:
    """Move the orphan files of a listing to quarantine; leave and report what is no plain file."""
    done, aside = Quarantined(), []
    for orphan in orphan_files(found, at=at):
        if orphan.strange:
            done.left.append((orphan.name, orphan.strange))
        elif store.is_same(orphan.name, orphan):
            try:
                aside.append((orphan, store.set_aside(orphan, day=f"{at:%Y-%m-%d}")))
            except FileNotFoundError:  # someone else removed it
                continue
            except OSError as error:
                done.left.append((orphan.name, f"no row names it, and it cannot be moved: {error.strerror}"))
    named = names_of_rows(orphan.name for orphan, __ in aside)
    for orphan, new_name in aside:
        if orphan.name in named or not store.is_same(new_name, orphan):
            _put_back(new_name, orphan.name, done)
        else:
            logger.warning("no row names %s: moved to %s", shown(orphan.name), shown(new_name))
            done.moved.append({"from": shown(orphan.name), "to": shown(new_name)})
    return done


def _put_back(aside: str, name: str, done: Quarantined) -> None:
    try:
        store.put_back(aside, name)
    except FileExistsError:  # written anew meanwhile: both stay
        logger.warning("%s is there again; the old file stays in %s", shown(name), shown(aside))
    except OSError as error:
        done.left.append((aside, f"its row came meanwhile, and it cannot be moved back: {error.strerror}"))
