"""The drawn pictures."""

from PIL import Image, ImageChops

from generations.sandbox.scenery import Scene


def differs(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is not None


def test_another_prompt_gives_another_picture():
    pictures = [Scene(f"lighthouse {number}", 320, 180).at(0.3).tobytes() for number in range(20)]
    assert len(set(pictures)) == 20


def test_the_same_prompt_gives_the_same_picture():
    assert not differs(Scene("x", 320, 180).at(0.3), Scene("x", 320, 180).at(0.3))


def test_another_take_gives_other_colours():
    assert differs(Scene("x", 320, 180, take=0).at(0.3), Scene("x", 320, 180, take=1).at(0.3))


def test_a_picture_has_the_ordered_size_at_every_moment():
    for size in ((640, 360), (360, 640), (480, 480), (182, 960)):
        for share in (0.0, 0.5, 1.0):
            assert Scene("x", *size).at(share).size == size


def test_a_background_moves_too():
    ramp = Image.linear_gradient("L").convert("RGB")
    scene = Scene("x", 320, 180, background=ramp)
    assert differs(scene.at(0), scene.at(1))
