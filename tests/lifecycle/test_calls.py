"""A claimed row with its call, and how long to wait."""

import time

import pytest
from pytest_django import Settings

from generations.lifecycle import calls as asking
from generations.lifecycle.calls import CallKind, ProviderCall, backoff
from generations.providers.errors import Busy, NotSent


def test_a_providers_error_is_an_outcome_and_not_an_exception() -> None:
    def refuse() -> str:
        raise Busy("slow down")

    assert isinstance(ProviderCall(CallKind.SUBMIT, "apixo", refuse)(), Busy)


def test_a_call_that_a_stalled_process_takes_up_late_is_not_made() -> None:
    long_ago = time.monotonic() - asking.START_SECONDS - 1
    late = ProviderCall(CallKind.SUBMIT, "apixo", lambda: pytest.fail("it was made"), claimed_at=long_ago)
    assert isinstance(late(), NotSent)


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
