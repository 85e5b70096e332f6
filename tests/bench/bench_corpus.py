"""What each step of the verification finds: `python -m tests.bench.bench_corpus [--times N]`.

Builds clips of every shape, damages them as transports and disks do, and counts what the first step, the late decoding
and both refuse; then which whole clips are refused wrongly.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from generations.media import clips
from tests.bench import bench_verify
from tests.corpus import IN_PLACE, SHAPES, TRANSPORT, clip_of, corruptions

KINDS = {"transport": TRANSPORT, "in place": IN_PLACE}
STEPS: dict[str, Callable[[Path], object]] = {"first step": clips.verify, "late": clips.decode_all}


def main() -> None:
    """Print a line for each kind of fault, and for each fault that a step let pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="of each fault and shape")
    times = parser.parse_args().times
    out, began = sys.stdout.write, time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        wrongly = [shape for shape in SHAPES if any(_refuses(step, path, clip_of(shape)) for step in STEPS.values())]
        out(f"{len(SHAPES)} whole clips, refused wrongly: {', '.join(wrongly) or 'none'}\n")
        out(f"{'':24} {'files':>6} {'first step':>11} {'late':>6} {'both':>6}\n")
        for kind, faults in KINDS.items():
            out(f"\n{kind}\n")
            total: Counter[str] = Counter()
            for name, fault in faults.items():
                counts = _count(path, {name: fault}, times)
                total += counts
                out(_line(name, counts))
            out(_line("all", total))
    out(f"\n{time.process_time() - began:.0f} s of CPU, encoding included\n\n")
    bench_verify.main()


def _count(path: Path, faults: dict[str, Callable[..., bytes]], times: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for _, _, bad in corruptions(faults, times=times, shapes=list(SHAPES)):
        found = [name for name, step in STEPS.items() if _refuses(step, path, bad)]
        counts.update(["files", *found, *(["both"] if found else [])])
    return counts


def _refuses(step: Callable[[Path], object], path: Path, data: bytes) -> bool:
    path.write_bytes(data)
    try:
        step(path)
    except clips.NotAVideo:
        return True
    return False


def _line(name: str, counts: Counter[str]) -> str:
    return f"{name:24} {counts['files']:6} {counts['first step']:11} {counts['late']:6} {counts['both']:6}\n"


if __name__ == "__main__":
    main()
