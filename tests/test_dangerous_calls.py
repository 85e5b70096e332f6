"""Nothing that people or providers write is run, unpickled, taken as markup or put into a query's text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("generations", "kling_site") for path in sorted((ROOT / folder).rglob("*.py"))]
NEVER = {
    "eval", "exec", "__import__", "os.system", "os.popen", "os.execv", "os.execvp", "pickle.loads", "pickle.load",
    "marshal.loads", "shelve.open", "yaml.load", "mark_safe", "SafeString", "Template", "from_string", "raw", "extra",
    "RawSQL",
}  # fmt: skip
OURS = {  # SQL of constants, whose values are parameters
    "generations/models/lineage.py": {"RawSQL"},
    "generations/reports/spend.py": {"RawSQL", "extra"},
}


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield each call of the program: the file, its dotted name, and the call."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield str(path.relative_to(ROOT)), ast.unparse(node.func), node


def test_no_text_is_run_unpickled_or_marked_as_safe() -> None:
    found = [
        (where, call.lineno, name)
        for where, name, call in calls()
        if {name, name.rpartition(".")[2]} & (NEVER - OURS.get(where, set()))
    ]
    assert found == []


def test_no_command_goes_through_a_shell() -> None:
    found = [
        (where, call.lineno)
        for where, _name, call in calls()
        if any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in call.keywords)
    ]
    assert found == []
