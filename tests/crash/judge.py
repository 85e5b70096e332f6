"""What is true after a crash: by the provider's journal, the files and the database, never by the program's word."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import av

from tests.crash.worker import Site

TASKS = (
    "SELECT id, prompt_text, status, due_at IS NULL, remote_id, price_usd, send_count FROM generations_generationtask"
    " ORDER BY id"
)
VIDEOS = "SELECT task_id, position, file, poster, sha256, size_bytes FROM generations_video ORDER BY id"
LEDGER = "SELECT task_id, kind, amount_usd FROM generations_ledgerentry ORDER BY id"
SETTLED = {
    "stored": ["charge", "hold"],
    "ready": ["charge", "hold"],
    "lost": ["charge", "hold"],
    "failed": ["hold", "release"],
    "canceled": ["hold", "release"],
}


def broken_promises(site: Site, truth: dict[str, Any], *, clips: set[str] | None = None) -> list[str]:
    """Everything that is not as it must be; `clips` are the SHA-256 of what the provider made."""
    return [*_paid_twice(site, truth), *_forgotten(site, truth), *_bad_files(site, clips), *_wrong_money(site)]


def _paid_twice(site: Site, truth: dict[str, Any]) -> list[str]:
    """Each task is one order, and prompts are distinct: a prompt that was accepted twice was paid twice."""
    ordered = Counter(row[1] for row in site.sql(TASKS))
    accepted = Counter(task["prompt"] for task in truth["tasks"])
    return [
        f"{prompt!r} was accepted {count} times, and ordered {ordered[prompt]} times"
        for prompt, count in accepted.items()
        if count > ordered[prompt]
    ]


def _forgotten(site: Site, truth: dict[str, Any]) -> list[str]:
    """What the provider accepted is known by its id, or its order is unconfirmed and a person decides."""
    rows = site.sql(TASKS)
    known = {row[4] for row in rows}
    undecided = {row[1] for row in rows if row[2] in ("submitting", "unconfirmed")}
    return [
        f"the provider works on {task['id']} ({task['prompt']!r}), and no row knows it"
        for task in truth["tasks"]
        if task["id"] not in known and task["prompt"] not in undecided
    ] + [
        f"task {row[0]} is {row[2]} and nobody looks at it again"
        for row in rows
        if row[3] and row[2] not in ("stored", "failed", "canceled", "lost")
    ]


def _bad_files(site: Site, clips: set[str] | None) -> list[str]:
    root, found = Path(site.env["MEDIA_ROOT"]), []
    videos = site.sql(VIDEOS)
    for task, position, file, poster, sha256, size in videos:
        trouble = what_is_wrong(root / file, sha256=sha256, size=size)
        if not trouble and clips is not None and sha256 not in clips:
            trouble = "is none of the clips that the provider made"
        if poster and not (root / poster).exists():
            trouble += " has no poster"
        found += [f"task {task}, result {position}: {file} {trouble}"] if trouble else []
    with_video = {row[0] for row in videos}
    found += [
        f"task {row[0]} is stored without a file"
        for row in site.sql(TASKS)
        if row[2] == "stored" and row[0] not in with_video
    ]
    return found


def orphans(site: Site) -> list[str]:
    """Files under a public name that no row knows: allowed after a kill, never after a pause."""
    root = Path(site.env["MEDIA_ROOT"])
    known = {name for row in site.sql(VIDEOS) for name in row[2:4]}
    there = {str(path.relative_to(root)) for kind in ("videos", "posters") for path in (root / kind).rglob("*.*")}
    return sorted(there - known)


def _wrong_money(site: Site) -> list[str]:
    entries: dict[int, list[tuple[str, Any]]] = {}
    for task, kind, amount in site.sql(LEDGER):
        entries.setdefault(task, []).append((kind, amount))
    found = []
    for pk, __, status, __, __, price, __ in site.sql(TASKS):
        mine = sorted(entries.get(pk, []))
        kinds = [kind for kind, __ in mine]
        if kinds != SETTLED.get(status, ["hold"]) or any(amount != price for __, amount in mine):
            found.append(f"task {pk} is {status} at {price}, and the ledger says {mine}")
    return found


def what_is_wrong(path: Path, *, sha256: str, size: int) -> str:
    """Of a stored file; empty when nothing is."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error}"
    if (len(data), hashlib.sha256(data).hexdigest()) != (size, sha256):
        return f"has {len(data)} bytes that are not those of its row"
    return _not_an_mp4(path, data)


def _not_an_mp4(path: Path, data: bytes) -> str:
    """A walk over the boxes and a full decoding, written here and not the program's."""
    kinds, at = [], 0
    while at < len(data):
        if at + 8 > len(data):
            return "ends inside the head of a box"
        length, kind = struct.unpack_from(">I4s", data, at)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
        kinds.append(kind)
        at += length or len(data) - at
    if at != len(data) or kinds[:1] != [b"ftyp"] or not {b"moov", b"mdat"} <= set(kinds):
        return f"is no whole MP4: {kinds}, {at} of {len(data)} bytes"
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            frames = sum(1 for __ in container.decode(stream))
            return "" if frames == stream.frames else f"has {frames} of {stream.frames} frames"
    except (av.error.FFmpegError, IndexError) as error:
        return f"cannot be decoded: {error}"
