"""Draw the prompt, the PRACTICE watermark and the progress line onto a practice clip."""

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

WATERMARK = "PRACTICE"
MOST_LINES = 4  # a longer prompt ends in an ellipsis: the picture must stay a picture
# Pillow's own font has ASCII only; these are tried in order for other letters. A machine that has none of them draws
# boxes.
OTHER_FONTS = ("DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "NotoSans-Regular.ttf", "Arial Unicode.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _knows(font: Font, text: str) -> bool:
    missing = bytes(font.getmask("\ufffe"))
    return all(bytes(font.getmask(letter)) != missing for letter in set(text) if not letter.isspace())


def font_for(text: str, size: int) -> Font:
    """Return a font that can write the text, if this machine has one."""
    own = ImageFont.load_default(size=size)
    if text.isascii() or _knows(own, text):
        return own
    for name in OTHER_FONTS:
        try:
            other = ImageFont.truetype(name, size)
        except OSError:
            continue
        if _knows(other, text):
            return other
    return own


def wrap(text: str, font: Font, width: int) -> list[str]:
    """Break a text into at most MOST_LINES lines that fit the width, in pixels."""
    lines: list[str] = []
    line = ""
    # A small picture shows no more, and measuring a prompt of 5,000 letters takes time.
    for word in text[:600].split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = _shorten(word, font, width)
    lines.append(line)
    if len(lines) > MOST_LINES or len(text) > 600:
        lines = lines[:MOST_LINES]
        lines[-1] = _shorten(lines[-1] + " ...", font, width, tail=" ...")
    return lines


def _shorten(line: str, font: Font, width: int, tail: str = "") -> str:
    body = line.removesuffix(tail)
    while body and font.getlength(body + tail) > width:
        body = body[:-1]
    return body + tail


@dataclass(frozen=True)
class Caption:
    """The text over every frame, drawn once and pasted many times."""

    band: Image.Image
    band_mask: Image.Image
    mark_mask: Image.Image

    @classmethod
    def of(cls, text: str, width: int, height: int) -> "Caption":
        size = max(15, round((width * height) ** 0.5 / 23))
        margin = size
        font = font_for(text, size)
        lines = wrap(text, font, width - 2 * margin)
        step = round(size * 1.35)
        tall = step * len(lines) + margin
        band = Image.new("RGB", (width, tall), (12, 14, 26))
        band_mask = Image.new("L", (width, tall), 148)
        for image in (band, band_mask):
            pen = ImageDraw.Draw(image)
            for number, line in enumerate(lines):
                pen.text((margin, margin * 0.4 + step * number), line, font=font, fill="white")
        return cls(band, band_mask, cls._watermark(max(11, round(size * 0.7))))

    @staticmethod
    def _watermark(size: int) -> Image.Image:
        font = ImageFont.load_default(size=size)
        left, top, right, bottom = (round(edge) for edge in font.getbbox(WATERMARK))
        mask = Image.new("L", (right - left, bottom - top), 0)
        ImageDraw.Draw(mask).text((-left, -top), WATERMARK, font=font, fill=190)
        return mask

    def draw(self, picture: Image.Image, share: float) -> None:
        """Draw the caption onto one frame; `share` is the elapsed part of the clip, 0 to 1."""
        line = max(3, picture.height // 90)
        picture.paste(self.band, (0, picture.height - line - self.band.height), self.band_mask)
        gap = self.mark_mask.height
        picture.paste("white", (picture.width - self.mark_mask.width - gap, gap), self.mark_mask)
        picture.paste((12, 14, 26), (0, picture.height - line, picture.width, picture.height))
        picture.paste("white", (0, picture.height - line, max(1, round(picture.width * share)), picture.height))
