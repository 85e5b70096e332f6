"""Bugs are planted, and the cases find each of them: what would never fail would prove nothing."""

from __future__ import annotations

from tests.crash.planted import PLANTS
from tests.crash.test_every_effect import ROOT, crash

PAGE = (ROOT / "generations/docs/reliability.md").read_text(encoding="utf-8")


def test_every_planted_bug_is_caught_by_its_case_which_passes_without_it() -> None:
    assert f"{len(PLANTS)} of {len(PLANTS)} planted bugs are caught" in crash("--planted")


def test_the_documents_list_the_planted_bugs_and_no_others() -> None:
    begun = PAGE.index("| planted bug |")
    table = PAGE[begun : PAGE.index("\n\n", begun)].splitlines()[2:]
    assert table == [plant.as_row() for plant in PLANTS]
