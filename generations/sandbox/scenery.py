"""Draw the pictures of a practice clip: a sky, a drifting sun, moving hills, or the ordered start image."""

import colorsys
import hashlib
import math
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageOps

from .captions import Caption

Colour = tuple[int, int, int]
DRIFTS = (0.05, 0.12, 0.24)  # how far each row of hills moves in one clip, in widths: the near ones move more
PAN = 1.14  # a start image is cut this much larger than the clip, so that there is room to move over it
SMOOTH = 2  # shapes are drawn this much larger and scaled down, because Pillow draws without anti-aliasing


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


@dataclass(frozen=True)
class Palette:
    """The colours and shapes of one clip, derived from a text: the same text always gives the same clip."""

    seed: bytes

    @classmethod
    def of(cls, text: str) -> "Palette":
        return cls(hashlib.sha256(text.encode()).digest())

    def part(self, index: int) -> float:
        """Return one of 32 numbers from 0 to 1."""
        return self.seed[index % 32] / 255

    @property
    def hue(self) -> float:
        return int.from_bytes(self.seed[:2]) / 65536

    @property
    def top(self) -> Colour:
        return _colour(self.hue, 0.72, 0.42 + 0.2 * self.part(2))

    @property
    def bottom(self) -> Colour:
        return _colour(self.hue + 0.12 + 0.16 * self.part(3), 0.5, 0.97)

    def hill(self, row: int) -> Colour:
        return _colour(self.hue + 0.04 * row, 0.62 + 0.08 * row, 0.5 - 0.14 * row)


def gradient(size: tuple[int, int], palette: Palette) -> Image.Image:
    """Return a slanted gradient between the palette's two colours."""
    ramp = Image.linear_gradient("L").rotate(14 + 20 * palette.part(4), Image.Resampling.BICUBIC)
    ramp = ramp.crop((52, 36, 204, 220)).resize(size, Image.Resampling.BICUBIC)
    return ImageOps.colorize(ramp, palette.top, palette.bottom)


def glow(diameter: int) -> Image.Image:
    """Return the mask of the sun: a bright disc with a wide halo."""
    heart, rim, edge = 66, 72, 178  # radii in Pillow's own gradient, which is 181 in the middle of each side

    def light(distance: int) -> int:
        if distance < heart:
            return 238
        halo = 120 * ((edge - distance) / (edge - heart)) ** 2 if distance < edge else 0.0
        if distance < rim:
            halo += (238 - halo) * (rim - distance) / (rim - heart)
        return round(halo)

    disc = Image.radial_gradient("L").point([light(distance) for distance in range(256)])
    return disc.resize((diameter, diameter), Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Hills:
    """One row of hills at the bottom of the picture: a mask for the crest, plain colour below it.

    The row is wider than the clip, because it moves during the clip."""

    mask: Image.Image
    top: int
    colour: Colour

    @classmethod
    def of(cls, size: tuple[int, int], palette: Palette, row: int) -> "Hills":
        width, height = size
        wide = math.ceil(width * (1 + DRIFTS[row]))
        heights = [_crest(x / width, palette, row) * height for x in range(0, wide + 8, 8)]
        top, deepest = math.floor(min(heights)), math.ceil(max(heights))
        mask = Image.new("L", (wide * SMOOTH, (deepest - top) * SMOOTH), 0)
        outline = [(8.0 * SMOOTH * number, (y - top) * SMOOTH) for number, y in enumerate(heights)]
        corners = [(outline[-1][0], float(mask.height)), (0.0, float(mask.height))]
        ImageDraw.Draw(mask).polygon(outline + corners, fill=255)
        return cls(mask.resize((wide, deepest - top), Image.Resampling.BOX), top, palette.hill(row))

    def draw(self, picture: Image.Image, share: float) -> None:
        """Paste the row as it stands `share` of the way through the clip."""
        left = round((self.mask.width - picture.width) * share)
        below = self.top + self.mask.height
        crest = self.mask.crop((left, 0, left + picture.width, self.mask.height))
        picture.paste(self.colour, (0, self.top), crest)
        # Without a mask this is five times as fast, and most of a hill lies below its crest.
        picture.paste(self.colour, (0, below, picture.width, picture.height))


def _crest(share: float, palette: Palette, row: int) -> float:
    """Return how far down the picture the row's crest runs, 0 to 1, at a share of the clip's width."""
    waves = ((0.55, 1.2 + 1.4 * palette.part(8 + row)), (0.3, 2.8 + 2 * palette.part(12 + row)), (0.15, 7.0))
    turn = 9 * palette.part(16 + row)
    swell = sum(part * math.sin(share * math.pi * pace + turn) for part, pace in waves)
    return 0.6 + 0.13 * row - 0.12 * swell


@dataclass
class Scene:
    """The pictures of one clip; `at(share)` draws the picture at this part of the clip, 0 to 1."""

    text: str
    width: int
    height: int
    background: Image.Image | None = None
    take: int = 1
    _hills: list[Hills] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.palette = Palette.of(f"{self.text}#{self.take}")
        self.caption = Caption.of(self.text, self.width, self.height)
        self.disc = glow(round(min(self.width, self.height) * 0.85))
        if self.background is not None:
            size = (round(self.width * PAN), round(self.height * PAN))
            self.sky = ImageOps.fit(self.background.convert("RGB"), size, Image.Resampling.LANCZOS)
            self.disc = self.disc.point(lambda light: light // 4)  # faint: the start image must stay visible
            return
        self.sky = gradient((self.width, self.height), self.palette)
        self._hills = [Hills.of((self.width, self.height), self.palette, row) for row in range(len(DRIFTS))]

    def at(self, share: float) -> Image.Image:
        picture = self._background(share)
        self._sun(picture, share)
        for row in self._hills:
            row.draw(picture, share)
        self.caption.draw(picture, share)
        return picture

    def _background(self, share: float) -> Image.Image:
        if self.background is None:
            return self.sky.copy()
        left = round((self.sky.width - self.width) * share)
        top = round((self.sky.height - self.height) * (1 - share))
        return self.sky.crop((left, top, left + self.width, top + self.height))

    def _sun(self, picture: Image.Image, share: float) -> None:
        way = share if self.palette.part(5) < 0.5 else 1 - share
        x = self.width * (0.22 + 0.56 * way)
        y = self.height * (0.44 - 0.2 * math.sin(math.pi * way))
        corner = (round(x - self.disc.width / 2), round(y - self.disc.height / 2))
        picture.paste((255, 244, 214), corner, self.disc)
