"""Any sequence of orders, answers, crashes, callbacks and decisions keeps the promises.

The examples are the same on every run. For a longer search with new ones:
`python -m pytest tests/crash/test_state_machine.py --hypothesis-profile=long`; `--hypothesis-seed=N` repeats one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from generations import clock, wakeups
from generations.lifecycle import accounts, calls, polling, submitting
from generations.media import clips, downloads
from generations.worker import due
from tests.crash import provider_model
from tests.crash.machine import Studio
from tests.crash.provider_model import ModelProvider

EXAMPLES = 300  # with 100, more of the bugs that were planted in the core were not found

GUARDS = [import_module(f"generations.migrations.{name}") for name in ("0005_ledger_is_kept", "0034_audit")]


def fail(text: str, *values: object) -> None:
    """A fault that the program would log and live with."""
    raise AssertionError(text % values)


@pytest.fixture
def studio(settings: Settings, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[type[Studio]]:
    """The machine, and the program with the machine's clock, providers and storage."""
    settings.WAIT_SCALE = 1
    for module in (submitting, polling, accounts):
        monkeypatch.setattr(module, "get_provider", lambda config: ModelProvider(config.provider, Studio.current))
    monkeypatch.setattr(clock, "now", lambda: Studio.current.now)
    monkeypatch.setattr(calls, "time", SimpleNamespace(monotonic=lambda: Studio.current.monotonic))
    monkeypatch.setattr(wakeups, "enqueue_save", lambda task_id, urgent: None)
    monkeypatch.setattr(downloads, "fetch", lambda *how, **limits: Studio.current.fetch(*how, **limits))
    monkeypatch.setattr(clips, "verify", provider_model.verify)
    monkeypatch.setattr(due.logger, "exception", fail)
    logging.disable(logging.CRITICAL)
    for guards in GUARDS:  # an example ends with an empty ledger; that its entries stay is checked after each step
        guards.unguard(connection)
    yield Studio
    for guards in GUARDS:
        guards.guard(connection)
    logging.disable(logging.NOTSET)


def test_any_sequence_keeps_the_promises(studio: type[Studio]) -> None:
    default = hypothesis_settings.default
    settings = hypothesis_settings(max_examples=max(EXAMPLES, default.max_examples if default else 0))
    run_state_machine_as_test(studio, settings=settings)
