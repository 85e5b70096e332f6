"""Killed at its N-th effect, the studio pays once, forgets nothing and keeps whole files only: a subset of every case.

All of them: `python -m tests.crash` (docs/reliability.md).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.crash.cases import SCENARIOS
from tests.crash.faulty_provider.faults import ORDER_FAULTS, words_of
from tests.crash.mutations import MUTATIONS
from tests.processes.site import ROOT


def crash(*arguments: str, **environment: str) -> str:
    """Run the harness in a process of its own: its children are forked, and pytest has threads."""
    command = [sys.executable, "-m", "tests.crash", *arguments]
    own = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | environment
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_kind_of_step_is_survived_at_some_of_its_effects() -> None:
    said = re.search(r"(\d+) cases of (\d+) scenarios .* 0 with violations", crash("--every", "29"))
    assert said
    assert int(said[1]) > 2 * len(SCENARIOS)
    assert int(said[2]) == len(SCENARIOS)


def test_a_case_is_replayed_by_its_id(tmp_path: Path) -> None:
    said = crash("--case", "apixo-accepted/9", TMPDIR=str(tmp_path))
    assert said.startswith("apixo-accepted/9 (killed at ")
    assert len(list(tmp_path.glob("crash-case-*/case-*/db.sqlite3"))) == 1  # kept, to be looked at


def test_every_outcome_of_an_order_is_tried_at_both_providers() -> None:
    tried = {(one.provider, word) for one in SCENARIOS.values() for prompt in one.prompts for word in words_of(prompt)}
    special = {"taken id", "lost once"}  # need a second order
    only_by_dice = {"reset answer", "server error but taken", "garbage"}
    wanted = ORDER_FAULTS.keys() - special - only_by_dice
    assert {(api, fault) for api in ("apixo", "apikley") for fault in wanted} <= tried


def test_the_site_itself_waits_for_the_disk_though_the_cases_do_not() -> None:
    """A kill takes nothing from the system's memory; a power cut does."""
    assert "PRAGMA synchronous=FULL" in (ROOT / "kling_site/settings.py").read_text()


def test_every_planted_bug_is_caught_by_its_case_which_passes_without_it() -> None:
    """What would never fail would prove nothing."""
    assert f"{len(MUTATIONS)} of {len(MUTATIONS)} planted bugs are caught" in crash("--planted")


def test_the_documents_list_the_planted_bugs_and_no_others() -> None:
    text = (ROOT / "generations/docs/reliability.md").read_text(encoding="utf-8")
    table = text[text.index("| planted bug |") :].partition("\n\n")[0].splitlines()[2:]
    assert table == [f"| {bug.says} | {bug.caught} | `{bug.case}` |" for bug in MUTATIONS]
