"""What is written on the pictures."""

from PIL import Image, ImageChops, ImageFont

from generations.sandbox.captions import MOST_LINES, Caption, font_for, wrap


def test_a_long_text_is_wrapped_to_the_width_and_ends_in_an_ellipsis():
    font = font_for("", 20)
    lines = wrap("a lighthouse in a storm " * 100, font, 400)
    assert len(lines) == MOST_LINES and lines[-1].endswith("...")
    assert all(font.getlength(line) <= 400 for line in lines)


def test_a_short_text_is_written_whole():
    assert wrap("a  lighthouse\nin a storm", font_for("", 20), 4000) == ["a lighthouse in a storm"]


def test_a_word_that_is_too_long_is_cut():
    font = font_for("", 20)
    assert all(font.getlength(line) <= 100 for line in wrap("x" * 500, font, 100))


def test_an_empty_text_is_no_trouble():
    Caption.of("", 640, 360).draw(Image.new("RGB", (640, 360)), 0.5)


def test_plain_letters_are_written_in_pillow_s_own_font():
    ours, pillows = font_for("cafe!", 20), ImageFont.load_default(size=20)
    assert isinstance(ours, ImageFont.FreeTypeFont) and isinstance(pillows, ImageFont.FreeTypeFont)
    assert ours.getname() == pillows.getname()


def test_letters_that_no_font_has_are_no_trouble():
    assert font_for("caf\u00e9 \ue123", 20).getbbox("caf\u00e9")


def test_the_caption_the_watermark_and_the_progress_are_visible():
    picture = Image.new("RGB", (640, 360), (0, 80, 160))
    Caption.of("a lighthouse", 640, 360).draw(picture, 0.5)
    darkest = ImageChops.darker(ImageChops.darker(*picture.split()[:2]), picture.split()[2])
    white = {(at % 640, at // 640) for at, value in enumerate(darkest.tobytes()) if value > 180}
    assert any(y < 40 and x > 500 for x, y in white)  # PRACTICE
    assert any(300 < y < 350 for x, y in white)  # the prompt
    assert (100, 358) in white and (400, 358) not in white  # half of the line
