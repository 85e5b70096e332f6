"""The table of the ASVS in docs/security.md: it has every row of levels 1 and 2, and each test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "generations/docs/security.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (yes|operator|no|-) \| (.*?) \| (.*?) ?\|$", PAGE, re.MULTILINE
)
# ASVS 5.0.0: requirements of level 1 and of level 2 in chapters 1 to 17.
OF_LEVEL = {"1": 70, "2": 183}


def names_of(file: str) -> set[str]:
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_row_of_levels_1_and_2_stands_in_the_table_once() -> None:
    numbers = [number for number, *_ in ROWS]
    assert len(numbers) == len(set(numbers))
    assert {level: sum(row[1] == level for row in ROWS) for level in OF_LEVEL} == OF_LEVEL


def test_every_row_that_holds_names_a_test_and_every_other_one_says_why() -> None:
    assert [number for number, *_, here, _ in ROWS if not here] == []
    assert [number for number, _, _, holds, _, shown in ROWS if holds == "yes" and not shown] == []


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE))
    assert len(named) > 100
    files = {file: names_of(file) for file, _ in named}
    assert sorted(file for file, names in files.items() if not names) == []
    assert sorted(f"{file}::{test}" for file, test in named if test and test not in files[file]) == []
