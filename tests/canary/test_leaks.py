"""After a day of faults no secret stands in a log, a row, a page, an e-mail, a command line or a file."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canary.run import Run, a_run
from tests.canary.search import PLACES
from tests.canary.secrets import Secrets, new
from tests.processes.fresh import ROOT


def test_no_secret_of_a_day_of_faults_stands_where_it_must_not(tmp_path: Path) -> None:
    """One test, as the run takes half a minute; each line of a failure says where a secret stands."""
    with a_run(tmp_path.resolve()) as run:
        happened(run)
        people_are_told_nothing(run)
        found = [line for place in PLACES for line in place(run)]
        assert not found, "\n".join(found)


def happened(run: Run) -> None:
    """The run did what it is for: else there would be nothing to find."""
    statuses = {status for (status,) in run.sql("SELECT status FROM generations_generationtask")}
    assert statuses == {"stored", "failed", "unconfirmed", "queued"}
    assert {200, 400, 404} == set(run.provider.callbacks)
    assert "Bearer [key]" in run.site.output()
    assert any("[key]" in body for (body,) in run.sql("SELECT body FROM generations_delivery"))
    failed = run.sql("SELECT result FROM django_q_task WHERE NOT success")
    assert any(b"Traceback" in base64.b64decode(result) for (result,) in failed)
    assert [len(run.mail.sign_ins), len(run.mail.mails)] == [2, 1]
    assert any("manage.py worker" in command for command in run.commands)
    assert {role: len(pages) > 100 for role, pages in run.pages.items()} == dict.fromkeys(run.pages, True)
    assert "OperationalError" in run.debug_page or "ProgrammingError" in run.debug_page


def people_are_told_nothing(run: Run) -> None:
    """Whoever meets an error that nobody expects sees no trace of it, and a time that leads to the log."""
    failed = [each.answer for each in run.answers if each.answer.status_code >= 500]
    assert len(failed) == 4
    for answer in failed:
        assert "Something went wrong on our side" in answer.text
        assert re.search(r"the time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000", answer.text)
        assert not [word for word in ("Traceback", "Error", "savedsearch", "django") if word in answer.text]


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_the_search_finds_a_secret_however_it_is_wrapped(before: str) -> None:
    secrets = Secrets()
    secret = secrets.make("key")
    wrapped = [secret, f"{before}{secret}/+", base64.b64encode(f"{before}{secret}!".encode()).decode(), quote(secret)]
    assert [secrets.found_in(f"...{text}...") for text in wrapped] == [{"key"}] * 4
    assert secrets.found_in(new()) == set()


@pytest.mark.parametrize("name", ["DATABASE_URL", "EMAIL_URL"])
@pytest.mark.parametrize("sign", ["/", "?"])
def test_a_password_that_makes_an_address_unreadable_is_not_repeated(name: str, sign: str) -> None:
    scheme = {"DATABASE_URL": "postgres", "EMAIL_URL": "smtp"}[name]
    env = os.environ | {name: f"{scheme}://studio:Canary{sign}password@127.0.0.1:9/name"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    assert f"{name} cannot be read" in done.stderr
    assert "Canary" not in done.stdout + done.stderr
