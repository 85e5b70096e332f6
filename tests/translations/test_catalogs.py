"""The Spanish catalogs: complete, with the placeholders of the English, compiled as they stand, and of today's code."""

from __future__ import annotations

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "generations/locale/es/LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|</?\w+[^>]*>")
CALLS = {"_", "gettext", "ngettext", "pgettext", "npgettext"}

if os.environ.get("REQUIRE_GETTEXT") and not shutil.which("xgettext"):
    raise RuntimeError("REQUIRE_GETTEXT is set, but there is no xgettext: install Debian's package gettext.")


@pytest.fixture(params=["django", "djangojs"])
def domain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def catalog(domain: str) -> polib.POFile:
    return polib.pofile(str(FOLDER / f"{domain}.po"))


def pairs(entry: polib.POEntry) -> list[tuple[str, str]]:
    """Return the English and the Spanish of a message; of one with a number, of one and of many."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [(entry.msgid, entry.msgstr_plural[0]), (entry.msgid_plural, entry.msgstr_plural[1])]


def test_every_message_is_translated(domain: str) -> None:
    empty = [english for entry in catalog(domain) for english, spanish in pairs(entry) if not spanish.strip()]
    assert empty == []
    assert [entry.msgid for entry in catalog(domain) if entry.fuzzy] == []


def test_a_translation_has_the_placeholders_and_the_tags_of_the_english(domain: str) -> None:
    wrong = [
        f"{english!r}: {spanish!r}"
        for entry in catalog(domain)
        for english, spanish in pairs(entry)
        if sorted(PLACEHOLDER.findall(spanish)) != sorted(PLACEHOLDER.findall(english))
    ]
    assert wrong == []


def test_no_translation_ends_the_attribute_that_it_stands_in(domain: str) -> None:
    texts = [spanish for entry in catalog(domain) for _english, spanish in pairs(entry)]
    assert [text for text in texts if '"' in re.sub(r"<[^>]*>", "", text)] == []


def test_what_is_compiled_is_what_is_written(domain: str) -> None:
    with (FOLDER / f"{domain}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in catalog(domain):
        if entry.msgid_plural:
            found = compiled._catalog[entry.msgid, 1]  # type: ignore[attr-defined]
            assert found == entry.msgstr_plural[1]
        elif entry.msgctxt:
            assert compiled.pgettext(entry.msgctxt, entry.msgid) == entry.msgstr
        else:
            assert compiled.gettext(entry.msgid) == entry.msgstr


def test_no_message_stands_within_an_f_string() -> None:
    """Nothing within an f-string is seen by xgettext, so such a message is in no catalog."""
    within = [
        f"{path.relative_to(ROOT)}:{text.lineno}: {ast.unparse(call)}"
        for path in sorted((ROOT / "generations").rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if call.func.id in CALLS and isinstance(call.args[0], ast.Constant)
    ]
    assert within == []


@pytest.mark.skipif(not shutil.which("xgettext"), reason="needs Debian's package gettext")
def test_the_catalogs_have_the_messages_of_the_code(domain: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("generations", "kling_site", "templates"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo", "docs"))
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "-l",
        "es",
        "-d",
        domain,
        "--no-location",
        "--no-obsolete",
    ]
    surroundings = {
        "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "kling_site.settings", "DATABASE_URL": "sqlite://:memory:",
    }  # fmt: skip
    subprocess.run(command, cwd=tree, env=surroundings, check=True, capture_output=True)
    found = polib.pofile(str(tree / FOLDER.relative_to(ROOT) / f"{domain}.po"))
    names = [{(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in each} for each in (found, catalog(domain))]
    assert names[0] - names[1] == set(), "run makemessages, translate, and run compilemessages"
    assert names[1] - names[0] == set()
