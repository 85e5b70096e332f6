"""Generate the sound of a practice clip: a soft chord with a slow tremolo."""

import hashlib
import math
from array import array
from functools import lru_cache

RATE = 48_000  # samples a second
LOUDNESS = 2600  # of 32767: quiet enough for an office
# Roots of a chord in Hz. All tones are even, so that half a second holds whole waves and repeats without a click.
ROOTS = (196, 220, 246, 262, 294, 330)
CHORD = (1.0, 1.25, 1.5)


def tone(prompt: str) -> bytes:
    """Return half a second of 16-bit interleaved stereo, which repeats without a click."""
    return _tone(ROOTS[hashlib.sha256(prompt.encode()).digest()[5] % len(ROOTS)])


@lru_cache(maxsize=len(ROOTS))
def _tone(root: int) -> bytes:
    waves = [2 * math.pi * (round(root * step / 2) * 2) / RATE for step in CHORD]
    samples = array("h")
    length = RATE // 2
    for number in range(length):
        swell = 0.8 - 0.2 * math.cos(2 * math.pi * number / length)
        value = round(LOUDNESS * swell * sum(math.sin(wave * number) for wave in waves) / len(waves))
        samples.append(value)
        samples.append(value)
    return samples.tobytes()
