"""Walk through the parts of a JPG or PNG before anything decodes it, which a hostile one could make last for ever."""

import re

MOST_PARTS = 1_000  # segments of a JPG; a camera writes about 20, and as many again for each megabyte of preview
MOST_CHUNKS = 20_000  # of a PNG; some programs write one for every 4 kB
MOST_SCANS = 30  # a progressive JPG has about ten; each is another pass over all pixels
# The markers of a JPG that have a length; within a scan, 0xFF is followed by 0 or by a restart.
JPG_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])", re.DOTALL)
SCAN, END = b"\xda", b"\xd9"
RARE_FRAMES = b"\xc3\xc5\xc6\xc7\xc9\xca\xcb\xcd\xce\xcf"  # lossless, arithmetic: slow, and nobody saves them
PNG_START = 8  # bytes


def scans_of(jpg: bytes) -> int:
    """Return in how many passes a JPG draws its picture. Raises: ValueError when it is cut or too odd."""
    scans, at = 0, 2
    for _ in range(MOST_PARTS):
        found = JPG_MARKER.search(jpg, at)
        if not found or found[1] in RARE_FRAMES:
            break
        if found[1] == END:
            return scans
        scans += found[1] == SCAN
        at = found.end() + int.from_bytes(jpg[found.end() : found.end() + 2])
        if scans > MOST_SCANS:
            break
    raise ValueError("no plain or progressive JPG with an end")


def check_chunks(png: bytes) -> None:
    """Raise a ValueError for a PNG that is cut, or in more pieces than any program makes."""
    at = PNG_START
    for _ in range(MOST_CHUNKS):
        if png[at + 4 : at + 8] == b"IEND":
            return
        if at >= len(png):
            break
        at += 12 + int.from_bytes(png[at : at + 4])
    raise ValueError("no PNG with an end")
