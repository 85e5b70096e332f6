"""A claimed row with its call, and how long to wait."""

import pytest
from pytest_django import Settings

from generations import asking
from generations.asking import Ask, backoff
from generations.providers.errors import Busy


def test_a_providers_error_is_an_outcome_and_not_an_exception() -> None:
    def refuse() -> str:
        raise Busy("slow down")

    assert isinstance(Ask(1, "apixo", True, refuse)(), Busy)


def test_a_wait_doubles_up_to_its_bound_and_is_spread(settings: Settings) -> None:
    settings.WAIT_SCALE = 1
    assert 1.5 <= backoff(0) <= 2.5
    assert 12 <= backoff(3) <= 20
    assert asking.BACKOFF_MAX_SECONDS * 0.75 <= backoff(1000) <= asking.BACKOFF_MAX_SECONDS * 1.25
    assert len({backoff(3) for __ in range(10)}) > 1


@pytest.mark.parametrize("failures", [0, 3, 50])
def test_practice_waits_are_shorter_by_the_scale(failures: int, settings: Settings) -> None:
    settings.WAIT_SCALE = 0.1
    assert backoff(failures) <= 0.1 * asking.BACKOFF_MAX_SECONDS * 1.25
