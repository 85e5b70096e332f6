"""Errors carry a provider's words, cut to what a column holds."""

from __future__ import annotations

import pickle

import pytest

from generations.providers import errors
from generations.providers.errors import AccountProblem, Busy, FailureKind, OutcomeUnknown, ProviderError, ServerTrouble


def test_words_and_code_are_cut_and_storable() -> None:
    error = ProviderError("\x00\ud800" + "x" * 9999, code="c" * 999)
    assert error.message == str(error) == "\ufffd\ufffd" + "x" * 1998
    assert len(error.code) == 100


def test_a_busy_provider_and_an_account_problem_are_sorted_by_themselves() -> None:
    assert (Busy("x").kind, AccountProblem("x").kind) == (FailureKind.PROVIDER, FailureKind.ACCOUNT)


def test_trouble_of_their_server_is_an_unknown_outcome() -> None:
    """Who does not know the exception must treat it as the stricter one."""
    assert issubclass(ServerTrouble, OutcomeUnknown)


def test_only_unknown_outcomes_are_unknown_outcomes() -> None:
    kinds = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, OutcomeUnknown)
    }
    assert kinds == {"OutcomeUnknown", "ServerTrouble"}


@pytest.mark.parametrize("error", [ProviderError("x"), Busy("x"), OutcomeUnknown("x")])
def test_an_error_survives_the_way_between_processes(error: ProviderError) -> None:
    assert str(pickle.loads(pickle.dumps(error))) == "x"
