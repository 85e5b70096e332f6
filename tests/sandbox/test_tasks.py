"""Tasks as the journal keeps them, and the clips that an order needs."""

from decimal import Decimal

from generations.sandbox.tasks import Clip, Order, Task, clips_for


def order(prompt: str = "x", *, sound: bool = True) -> Order:
    return Order("apixo", "kling-2-6", prompt, 5, "16:9", sound, Decimal(1), (1, 2))


def test_a_task_is_the_same_after_the_journal():
    clip = Clip("x", 640, 360, 5, True, 2, "back.jpg")
    before = Task("id", "apixo", "kling-2-6", "[fail] x", Decimal("0.275"), 1.5, 60.0, (clip,), "http://h/", "{}")
    assert Task.from_json(before.to_json()) == before


def test_clips_that_differ_in_anything_have_different_names():
    names = {
        Clip("x", 640, 360, 5, False).name,
        Clip("y", 640, 360, 5, False).name,
        Clip("x", 360, 640, 5, False).name,
        Clip("x", 640, 360, 10, False).name,
        Clip("x", 640, 360, 5, True).name,
        Clip("x", 640, 360, 5, False, take=2).name,
        Clip("x", 640, 360, 5, False, background="b").name,
    }
    assert len(names) == 7


def test_fault_words_are_left_out_of_the_clip():
    (clip,) = clips_for(order("[fast] x [mute]"), (640, 360), "", 0)
    assert clip.prompt == "x" and not clip.sound


def test_nothing_is_rendered_for_a_task_that_will_not_succeed():
    assert clips_for(order("[fail]"), (640, 360), "", 0) == clips_for(order("[stuck]"), (640, 360), "", 0) == ()


def test_takes_of_two_videos_do_not_overlap():
    takes = [clip.take for take in (0, 1) for clip in clips_for(order("[two videos]"), (640, 360), "", take)]
    assert takes == [0, 1, 2, 3]
