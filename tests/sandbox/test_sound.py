"""The chord."""

from array import array

from generations.sandbox.sound import LOUDNESS, RATE, tone


def test_half_a_second_of_stereo_that_is_soft_but_not_silent():
    samples = array("h", tone("a lighthouse"))
    assert len(samples) == RATE  # two channels, half a second
    assert 500 < max(samples) <= LOUDNESS


def test_it_repeats_without_a_click():
    samples = array("h", tone("a lighthouse"))[::2]
    steps = [abs(one - other) for one, other in zip(samples, samples[1:], strict=False)]
    assert abs(samples[0] - samples[-1]) <= max(steps)


def test_prompts_sound_different():
    assert len({tone(str(number)) for number in range(20)}) > 3
