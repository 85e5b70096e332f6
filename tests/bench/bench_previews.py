"""What previews cost, in CPU and bytes, and how fast Chromium seeks in them: `python -m tests.bench.bench_previews`."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from playwright.sync_api import sync_playwright

from generations.media import previews
from generations.media.posters import dominant_color
from generations.media.previews import FPS, LONGER_SIDE, frame_strip, frame_times, write_preview
from tests.bench.pipeline.footage import FULL_HD, HD
from tests.browser.chromium import CHROMIUM, QUIET
from tests.corpus import clip_of

TIMES = 5
SIZES = ((320, 10), (320, 8), (240, 10), (240, 8))
# Seek to and fro for two seconds, always to the latest place, and count the pictures that were shown.
SCRUB = """async (name) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(await (await fetch(name)).blob());
  document.body.append(video);
  await new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
  const ends = performance.now() + 2000;
  let shown = 0;
  while (performance.now() < ends) {
    video.currentTime = ((shown * 37) % 100) / 100 * (video.duration - 0.1);
    await new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    shown += 1;
  }
  return shown / 2;
}"""


def main() -> None:
    """Print a line for each clip and size, then what else a preview is good for, and its seeks."""
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _clips(Path(folder)):
            for side, fps in SIZES:
                previews.LONGER_SIDE, previews.FPS = side, fps
                part = Path(folder, f"{side}-{fps}.mp4")
                cost = _cost(partial(write_preview, path, part))
                out(f"{name:>32}: {side} px, {fps:2} fps {cost:6.0f} ms of CPU {part.stat().st_size / 1e3:6.1f} kB\n")
            previews.LONGER_SIDE, previews.FPS = LONGER_SIDE, FPS
            small, times = Path(folder, f"{LONGER_SIDE}-{FPS}.mp4"), frame_times(5.0)
            strip = frame_strip(small, times)
            out(f"{'':>32}  ten frames {_cost(partial(frame_strip, small, times)):6.0f} ms {len(strip) / 1e3:6.1f} kB,")
            out(f" color {_cost(partial(dominant_color, strip)):4.1f} ms\n")
            seeks = [_seeks(file) for file in (path, small)]
            out(f"{'':>32}  seeks a second in Chromium: the clip {seeks[0]:.0f}, the preview {seeks[1]:.0f}\n")


def _clips(folder: Path) -> Iterator[tuple[str, Path]]:
    for footage in (HD, FULL_HD):
        for keys, path in zip(("one key frame in 250", "one a second"), footage.clips(), strict=False):
            yield f"{footage.name}, {keys}", path
    path = folder / "textured.mp4"
    path.write_bytes(clip_of("h264", seconds=5.0, size=(1280, 720), bit_rate=3_000_000))
    yield "720p, textured", path


def _cost(work: Callable[[], object]) -> float:
    """Return the least of some runs, in CPU milliseconds."""
    costs = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        costs.append((time.process_time() - began) * 1000)
    return min(costs)


def _seeks(path: Path) -> float:
    """Return how many places of a clip Chromium shows in a second, from memory."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        page.route("**/clip.mp4", lambda route: route.fulfill(path=path, content_type="video/mp4"))
        page.route("**/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto("http://127.0.0.1:9/")
        found = float(page.evaluate(SCRUB, "clip.mp4"))
        browser.close()
    return found


if __name__ == "__main__":
    main()
