"""What it costs to verify a clip: `python -m tests.bench.bench_verify` prints milliseconds of CPU a clip."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from generations.media.clips import decode_all, verify
from generations.media.mp4 import read_tracks
from tests.bench.pipeline.footage import FULL_HD, HD
from tests.corpus import clip_of

TIMES = 7


def main() -> None:
    """Print a line for each clip: the structure alone, the first step with its posters, and decoding all of it."""
    out = sys.stdout.write
    out(f"{'clip':>36} {'MB':>6} {'structure':>10} {'first step':>11} {'late':>8}  (ms of CPU)\n")
    for name, path in _clips():
        structure, first, late = (_cost(partial(step, path)) for step in (read_tracks, verify, decode_all))
        out(f"{name:>36} {path.stat().st_size / 1e6:6.1f} {structure:10.1f} {first:11.0f} {late:8.0f}\n")


def _clips() -> Iterator[tuple[str, Path]]:
    for footage in (HD, FULL_HD):
        for keys, path in zip(("one key frame in 250", "one a second"), footage.clips(), strict=False):
            yield f"{footage.seconds:g} s of {footage.name}, {keys}", path
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        path.write_bytes(clip_of("hevc", seconds=5.3, size=(1280, 720), bit_rate=1_350_000))
        yield "5.3 s of 720p, H.265, one a second", path


def _cost(work: Callable[[], object]) -> float:
    """Return the least of some runs, in CPU milliseconds."""
    costs = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        costs.append((time.process_time() - began) * 1000)
    return min(costs)


if __name__ == "__main__":
    main()
