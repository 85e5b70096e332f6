"""Files that no row names, put aside for a person to look at: never deleted, never on top of another file.

A row may come while we look: a worker that slept may wake, a start image may be given again. So the row is looked for
before the move and after it, and the file must still be the one that was listed; if not, it goes back at once. A crash
in between leaves it in quarantine, where the next run finds it for its row.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from generations.integrity.compare import names_of_rows, orphan_files, root
from generations.media import filetree
from generations.media.filetree import Found, shown

logger = logging.getLogger(__name__)


@dataclass
class PutAside:
    moved: list[dict[str, str]] = field(default_factory=list)  # "from" and "to"
    left: list[tuple[str, str]] = field(default_factory=list)  # a name, and why it stays


def quarantine_orphans(found: list[Found], *, at: datetime) -> PutAside:
    """Move what no row names out of a listing's files, and tell what is strange."""
    done, aside = PutAside(), []
    for stray in orphan_files(found, at=at):
        if stray.strange:
            done.left.append((stray.name, stray.strange))
        elif filetree.is_same(root(), stray.name, stray):
            try:
                aside.append((stray, filetree.put_aside(root(), stray, day=f"{at:%Y-%m-%d}")))
            except FileNotFoundError:  # someone else saw to it
                continue
            except OSError as error:
                done.left.append((stray.name, f"no row names it, and it cannot be moved: {error.strerror}"))
    named = names_of_rows(stray.name for stray, __ in aside)
    for stray, new_name in aside:
        if stray.name in named or not filetree.is_same(root(), new_name, stray):
            _put_back(new_name, stray.name, done)
        else:
            logger.warning("no row names %s: put aside as %s", shown(stray.name), shown(new_name))
            done.moved.append({"from": shown(stray.name), "to": shown(new_name)})
    return done


def _put_back(aside: str, name: str, done: PutAside) -> None:
    try:
        filetree.put_back(root(), aside, name)
    except FileExistsError:  # written anew meanwhile: both are kept
        logger.warning("%s is there again; what was moved stays in %s", shown(name), shown(aside))
    except OSError as error:
        done.left.append((aside, f"its row came meanwhile, and it cannot be moved back: {error.strerror}"))
