"""Check that every sample an MP4 promises lies inside the file, without decoding anything.

Boxes and tables are those of ISO/IEC 14496-12 (the ISO base media file format).
"""

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

# A clip has about 5 top boxes and 60 in its index; a file of boxes only must not occupy a worker.
MAX_BOXES = 20_000
# The index of a 10 s clip has 10 KB; this much is read into memory, and walked within about a second.
MAX_INDEX_BYTES = 4 * 2**20
# 10 s at 60 frames a second with sound are 1,100 samples.
MAX_SAMPLES = 1_000_000
# Picture, sound, perhaps a time code.
MAX_TRACKS = 16
# Movie times are rounded to milliseconds. Less than one frame, so that a missing last frame is noticed.
ROUNDING_SECONDS = 0.005

Peek = Callable[[int, int], bytes | memoryview]


class NotAVideo(Exception):
    """The file is not a complete video: fetch it again. The text shows none of its bytes, so staff may see it."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, its start, the start of its content, and its end."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(slots=True)
class Track:
    """What a track promises; `handler` is "vide" or "soun", `codec` the four letters of its decoder."""

    number: int
    handler: str
    codec: str
    width: int
    height: int
    timescale: int  # ticks a second
    samples: int = 0
    ticks: int = 0

    @property
    def duration_seconds(self) -> float:
        return self.ticks / self.timescale


def read_tracks(path: Path) -> list[Track]:
    """Return the tracks of a complete MP4 file.

    Raises: NotAVideo when a box or a sample is not inside the file, OSError when it cannot be read.
    """
    with path.open("rb") as file:

        def peek(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        try:
            return _read_movie(peek, path.stat().st_size)
        except (struct.error, IndexError) as error:
            raise NotAVideo("a table of its index ends too early") from error


def walk(peek: Peek, start: int, end: int, *, top: bool = False) -> Iterator[Box]:
    """Yield the boxes between two offsets. Raises: NotAVideo when one does not fit or a byte is left over."""
    for _ in range(MAX_BOXES):
        if start == end:
            return
        head = peek(start, min(16, end - start))
        if len(head) < 8:
            raise NotAVideo("it is cut, or has bytes after its end")
        size, kind = struct.unpack_from(">I4s", head)
        body = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, 8)
            body = start + 16
        elif size == 0 and top and kind == b"mdat":
            size = end - start  # "to the end of the file": the sample tables tell whether it is complete
        if not body <= start + size <= end:
            raise NotAVideo("it is cut, or has bytes after its end")
        yield Box(kind, start, body, start + size)
        start += size
    raise NotAVideo("it has more parts than a clip can have")


class _Node:
    """The content of one box of the index, in memory."""

    def __init__(self, data: memoryview, start: int = 0) -> None:
        self.data = data
        self.start = start  # of the box in the file; only for top boxes

    def children(self, kind: bytes, skip: int = 0) -> list["_Node"]:
        found = walk(lambda at, length: self.data[at : at + length], skip, len(self.data))
        return [_Node(self.data[box.body : box.end]) for box in found if box.kind == kind]

    def child(self, *path: bytes) -> "_Node | None":
        """Return the first box down this path."""
        node: _Node | None = self
        for kind in path:
            node = next(iter(node.children(kind)), None) if node else None
        return node

    def need(self, *path: bytes) -> "_Node":
        node = self.child(*path)
        if node is None:
            raise NotAVideo("a table of its index is missing")
        return node

    def at(self, layout: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(">" + layout, self.data, offset)

    def rows(self, layout: str, offset: int, count: int) -> list[tuple[int, ...]]:
        row = struct.Struct(">" + layout)
        end = offset + count * row.size
        if end > len(self.data):
            raise NotAVideo("a table of its index ends too early")
        return list(row.iter_unpack(self.data[offset:end])) if row.size else [()] * min(count, MAX_SAMPLES)


class _Room:
    """The parts of the file that contain samples."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self.spans = sorted(spans)

    def need(self, start: int, end: int) -> None:
        place = bisect_right(self.spans, (start, 2**64)) - 1
        if place < 0 or end > self.spans[place][1]:
            raise NotAVideo("it is cut: some of its picture or sound is not there")


def _read_movie(peek: Peek, size: int) -> list[Track]:
    if size < 8 or peek(4, 4) != b"ftyp":
        raise NotAVideo("it does not begin as an MP4 does" if size else "it is empty")
    top = list(walk(peek, 0, size, top=True))
    index = [box for box in top if box.kind in (b"moov", b"moof", b"sidx", b"mfra")]
    if sum(box.end - box.start for box in index) > MAX_INDEX_BYTES:
        raise NotAVideo("its index is far larger than a clip's")
    nodes = [(box.kind, _Node(memoryview(peek(box.body, box.end - box.body)), box.start)) for box in index]
    moovs = [node for kind, node in nodes if kind == b"moov"]
    if len(moovs) != 1:
        raise NotAVideo("it has two indexes" if moovs else "it is cut: its index is missing")
    moov = moovs[0]
    room = _Room((box.body, box.end) for box in top if box.kind == b"mdat")
    traks = moov.children(b"trak")
    if not 0 < len(traks) <= MAX_TRACKS:
        raise NotAVideo("it has no picture, or more tracks than a clip can have")
    tracks = [_read_track(trak, room) for trak in traks]
    moofs = [node for kind, node in nodes if kind == b"moof"]
    if moofs or moov.child(b"mvex"):
        in_moov = any(track.samples for track in tracks)
        _read_fragments(tracks, moov.need(b"mvex"), moofs, room)
        sidx = next((node for kind, node in nodes if kind == b"sidx"), None)
        if not (top[-1].kind == b"mfra" and _ends_well(nodes[-1][1])):
            _check_all_fragments(tracks, moov, sidx, in_moov=in_moov)
    return tracks


def _read_track(trak: _Node, room: _Room) -> Track:
    tkhd, mdhd, table = trak.need(b"tkhd"), trak.need(b"mdia", b"mdhd"), trak.need(b"mdia", b"minf", b"stbl")
    (number,) = tkhd.at("I", 20 if tkhd.data[0] == 1 else 12)
    (timescale,) = mdhd.at("I", 20 if mdhd.data[0] == 1 else 12)
    handler = bytes(trak.need(b"mdia", b"hdlr").data[8:12]).decode("latin-1")
    references = trak.need(b"mdia", b"minf", b"dinf", b"dref")
    inside = references.children(b"url ", skip=8)
    if len(inside) != references.at("I", 4)[0] or not all(url.data[3] & 1 for url in inside):
        raise NotAVideo("its picture or sound lies in another file")
    described = table.need(b"stsd")
    codec = bytes(described.data[12:16]).decode("latin-1")
    width, height = described.at("HH", 40) if handler == "vide" else (0, 0)
    if timescale == 0:
        raise NotAVideo("its clock stands still")
    track = Track(number, handler, codec, width, height, timescale)
    _read_samples(track, table, room)
    return track


def _read_samples(track: Track, table: _Node, room: _Room) -> None:
    """Count the samples of a track, and check that each chunk lies in the file."""
    sizes = table.need(b"stsz")
    each, track.samples = sizes.at("II", 4)
    ends: Sequence[int] = range(0, (track.samples + 1) * each, each) if each else ()
    if not each:
        ends = [0, *accumulate(size for (size,) in sizes.rows("I", 12, track.samples))]
    stts, stsc = table.need(b"stts"), table.need(b"stsc")
    times = stts.rows("II", 8, stts.at("I", 4)[0])
    track.ticks = sum(count * ticks for count, ticks in times)
    wide = table.child(b"co64")
    offsets = wide or table.need(b"stco")
    chunks = offsets.rows("Q" if wide else "I", 8, offsets.at("I", 4)[0])
    runs = stsc.rows("III", 8, stsc.at("I", 4)[0])
    done = 0
    starts = [first for first, _, _ in runs] + [len(chunks) + 1]
    for (first, count, _), following in zip(runs, starts[1:], strict=True):
        if not 0 < first < following <= len(chunks) + 1:
            raise NotAVideo("its index contradicts itself")
        for (offset,) in chunks[first - 1 : following - 1]:
            if done + count > track.samples:
                raise NotAVideo("its index contradicts itself")
            room.need(offset, offset + ends[done + count] - ends[done])
            done += count
    if done != track.samples or sum(count for count, _ in times) != done or done > MAX_SAMPLES:
        raise NotAVideo("its index contradicts itself, or is far larger than a clip's")


def _read_fragments(tracks: list[Track], mvex: _Node, moofs: list[_Node], room: _Room) -> None:
    """Add the samples of each fragment to its track, and check that each run lies in the file."""
    by_number = {track.number: track for track in tracks}
    usual = {trex.at("I", 4)[0]: trex.at("II", 12) for trex in mvex.children(b"trex")}
    for moof in moofs:
        end = moof.start
        for traf in moof.children(b"traf"):
            (number,) = traf.need(b"tfhd").at("I", 4)
            if number not in by_number or number not in usual:
                raise NotAVideo("it has a fragment of an unknown track")
            end = _read_fragment(by_number[number], usual[number], traf, (moof.start, end), room)


def _read_fragment(track: Track, usual: tuple[int, ...], traf: _Node, bases: tuple[int, int], room: _Room) -> int:
    """Return where its data ends; `bases` are where its moof starts and where the data before it ended."""
    tfhd = traf.need(b"tfhd")
    flags, at = tfhd.at("I", 0)[0] & 0xFFFFFF, 8
    base = bases[0] if flags & 0x20000 else bases[1]
    ticks, size = usual
    if flags & 0x1:
        base, at = tfhd.at("Q", at)[0], at + 8
    at += 4 if flags & 0x2 else 0
    if flags & 0x8:
        ticks, at = tfhd.at("I", at)[0], at + 4
    if flags & 0x10:
        size = tfhd.at("I", at)[0]
    end = base
    for trun in traf.children(b"trun"):
        kind, count = trun.at("II", 0)
        at, start = 8, end
        if kind & 0x1:
            start, at = base + trun.at("i", at)[0], at + 4
        at += 4 if kind & 0x4 else 0
        fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if kind & bit]
        track.samples += count
        if track.samples > MAX_SAMPLES:
            raise NotAVideo("its index is far larger than a clip's")
        rows = trun.rows("I" * len(fields), at, count)
        columns = dict(zip(fields, zip(*rows, strict=True), strict=False))
        track.ticks += sum(columns[0x100]) if 0x100 in columns else count * ticks
        end = start + (sum(columns[0x200]) if 0x200 in columns else count * size)
        room.need(start, end)
    return end


def _ends_well(mfra: _Node) -> bool:
    """Return whether the index at the end of a fragmented file is complete; a cut file lost it."""
    return mfra.need(b"mfro").at("I", 4)[0] == len(mfra.data) + 8


def _check_all_fragments(tracks: list[Track], moov: _Node, sidx: _Node | None, *, in_moov: bool) -> None:
    """Refuse a fragmented file that nothing proves complete: a cut between fragments leaves no trace."""
    have = max(track.duration_seconds for track in tracks)
    mvhd, mehd = moov.need(b"mvhd"), moov.child(b"mvex", b"mehd")
    long = mvhd.data[0] == 1
    (scale, declared) = mvhd.at("IQ" if long else "II", 20 if long else 12)
    if mehd:
        (declared,) = mehd.at("Q" if mehd.data[0] == 1 else "I", 4)
    elif in_moov:
        declared = 0  # then mvhd covers only the samples in moov
    promised = declared / scale if scale else 0.0
    if sidx and not promised:
        promised = _promised_by(sidx)
    if not promised or have < promised - ROUNDING_SECONDS:
        raise NotAVideo("it is cut between two fragments, or does not say how long it is")


def _promised_by(sidx: _Node) -> float:
    """Return the seconds that a segment index lists; 0 if it may be of one segment of many."""
    (scale,) = sidx.at("I", 8)
    (count,) = sidx.at("H", 30 if sidx.data[0] else 22)
    rows = sidx.rows("III", 32 if sidx.data[0] else 24, count)
    return sum(ticks for _, ticks, _ in rows) / scale if scale and count > 1 else 0.0
