"""The sliding window."""

from generations.sandbox.limits import RateLimit


def test_the_window_slides():
    limit = RateLimit(2, 10)
    assert [limit.take(at) for at in (0, 4, 5)] == [0, 0, 5]
    assert limit.take(10) == 0
    assert limit.take(11) == 3


def test_refused_requests_do_not_prolong_the_wait():
    limit = RateLimit(1, 10)
    limit.take(0)
    for at in range(1, 10):
        assert limit.take(at) == 10 - at
    assert limit.take(10) == 0


def test_a_limit_of_zero_lets_nothing_through():
    assert RateLimit(0, 10).take(0) == 10
