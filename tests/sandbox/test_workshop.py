"""The rendering threads."""

from generations.sandbox.images import Images
from generations.sandbox.tasks import Clip
from generations.sandbox.workshop import Workshop

CLIP = Clip("x", 180, 180, 1, False)


def test_a_clip_is_rendered_once_for_all_who_want_it(tmp_path, wait):
    done: list[Clip] = []
    workshop = Workshop(tmp_path, Images(tmp_path))
    for _ in range(3):
        workshop.make(CLIP, done.append)
    workshop.start()
    wait(lambda: len(done) == 3)
    made_at = workshop.path(CLIP).stat().st_mtime_ns
    workshop.make(CLIP, done.append)
    assert len(done) == 4 and workshop.path(CLIP).stat().st_mtime_ns == made_at
    workshop.stop()


def test_a_lost_background_does_not_lose_the_clip(tmp_path):
    workshop = Workshop(tmp_path, Images(tmp_path))
    workshop.start()
    clip = Clip("x", 180, 180, 1, False, background="gone.jpg")
    assert workshop.wait([clip], 15)
    assert workshop.path(clip).exists()
    workshop.stop()
