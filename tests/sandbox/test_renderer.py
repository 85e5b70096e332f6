"""The rendering threads."""

from generations.sandbox.images import Images
from generations.sandbox.renderer import Renderer
from generations.sandbox.tasks import Clip

CLIP = Clip("x", 180, 180, 1, False)


def test_a_clip_is_rendered_once_for_all_who_want_it(tmp_path, wait):
    done: list[Clip] = []
    renderer = Renderer(tmp_path, Images(tmp_path))
    for _ in range(3):
        renderer.render(CLIP, done.append)
    renderer.start()
    wait(lambda: len(done) == 3)
    made_at = renderer.path(CLIP).stat().st_mtime_ns
    renderer.render(CLIP, done.append)
    assert len(done) == 4 and renderer.path(CLIP).stat().st_mtime_ns == made_at
    renderer.stop()


def test_a_lost_background_does_not_lose_the_clip(tmp_path):
    renderer = Renderer(tmp_path, Images(tmp_path))
    renderer.start()
    clip = Clip("x", 180, 180, 1, False, background="gone.jpg")
    assert renderer.wait([clip], 15)
    assert renderer.path(clip).exists()
    renderer.stop()
