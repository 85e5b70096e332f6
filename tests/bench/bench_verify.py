"""What it costs to verify a clip: `python -m tests.bench.bench_verify` prints milliseconds a clip."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from generations.media.clips import poster, verify
from generations.media.mp4 import read_tracks
from tests.clips import clip

# Bits a second, on the heavy side: decoding costs grow with them.
SIZES = {(1280, 720): 8_000_000, (1920, 1080): 16_000_000}
TIMES = 3


def main() -> None:
    """Print a line for each length and size: the structure alone, all of it, and the poster."""
    out = sys.stdout.write
    out(f"{'clip':>16} {'MB':>6} {'structure':>10} {'verify':>8} {'CPU':>8} {'poster':>8}  (ms)\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        for seconds in (5, 10):
            for (width, height), bit_rate in SIZES.items():
                path.write_bytes(clip(seconds=seconds, width=width, height=height, bit_rate=bit_rate))
                structure, _ = _cost(lambda: read_tracks(path))
                whole, cpu = _cost(lambda: verify(path))
                still, _ = _cost(lambda: poster(path))
                name, megabytes = f"{seconds} s {width}x{height}", path.stat().st_size / 2**20
                out(f"{name:>16} {megabytes:6.1f} {structure:10.1f} {whole:8.0f} {cpu:8.0f} {still:8.0f}\n")


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """Return the least of some runs: wall and CPU milliseconds."""
    costs = []
    for _ in range(TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        costs.append(((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000))
    return min(costs)


if __name__ == "__main__":
    main()
