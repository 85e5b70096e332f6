"""What kills its worker each time is set aside after three deaths, and everything else flows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.worker import Site, Worker

pytestmark = pytest.mark.long
ROW = "SELECT crash_count, error_kind, error_message FROM generations_generationtask WHERE prompt_text = ?"


@pytest.fixture
def poisoned(site: Site, start: Callable[..., Worker]) -> Worker:
    site.env["DJANGO_SETTINGS_MODULE"] = "tests.crash.poisoned"
    worker = start(site)
    worker.wait_for(worker.is_up, "worker")
    return worker


def test_a_clip_that_kills_its_worker_is_set_aside_and_the_others_flow(
    site: Site, provider: FaultyProvider, poisoned: Worker
) -> None:
    poison = "[poison] gulls"
    site.order(poison, "gulls")
    poisoned.wait_for(lambda: site.count("stored") == 1, "the other clip", seconds=60)
    poisoned.wait_for(lambda: site.sql(ROW, poison)[0][1] == "set aside", "setting aside", seconds=180)
    assert site.sql(ROW, poison)[0][0] == 3
    site.order("crabs")
    poisoned.wait_for(lambda: site.count("stored") == 2, "a clip after that", seconds=60)
    assert poisoned.log.read_text().count("after death") == 3
    assert site.broken(provider) == []


def test_an_answer_that_kills_the_conductor_is_asked_for_ever_more_rarely(
    site: Site, provider: FaultyProvider, poisoned: Worker
) -> None:
    poison = "[odd state] [stuck] gulls"
    site.order(poison, "gulls", "crabs [slow]", "a lighthouse")
    poisoned.wait_for(lambda: site.count("stored") == 3, "other clips", seconds=120)
    poisoned.wait_for(lambda: site.sql(ROW, poison)[0][0] >= 4, "deaths", seconds=400)
    site.order("an oyster")
    poisoned.wait_for(lambda: site.count("stored") == 4, "a clip after that", seconds=60)
    assert site.broken(provider) == []
