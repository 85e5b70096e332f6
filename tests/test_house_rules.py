"""The rules of the house, as tests: layout, sizes, and lines that may stand in one place only."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from generations.sandbox.faults import FAULTS

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted(
    path
    for folder in ("generations", "kling_site")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "bench" not in path.relative_to(ROOT).parts)
README, DOCS = ROOT / "README.md", ROOT / "generations/docs"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines_with(pattern: str) -> list[str]:
    """`file: line` for every line of code that matches."""
    found = re.compile(pattern)
    return [f"{name(path)}: {line.strip()}" for path in CODE for line in text(path).splitlines() if found.search(line)]


def test_the_top_has_the_seven_entries_and_no_more() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"var", "__pycache__"}
    assert visible == {"manage.py", "kling_site", "generations", "templates", "tests", "requirements.txt", "README.md"}


@pytest.mark.parametrize("files", [CODE, TESTS], ids=["code", "tests"])
def test_no_file_is_longer_than_350_lines_and_the_median_is_under_120(files: list[Path]) -> None:
    lengths = {name(path): len(text(path).splitlines()) for path in files}
    assert {path: length for path, length in lengths.items() if length > 350} == {}
    assert statistics.median(length for length in lengths.values() if length) < 120


def test_every_file_says_what_it_is_for() -> None:
    silent = [name(path) for path in CODE if text(path).strip() and ast.get_docstring(ast.parse(text(path))) is None]
    assert silent == []


# Files that are tested under another name, and the name.
TESTED_BY = {
    "generations/catalog/guest_clips.py": "tests/catalog/test_shares.py",
    "generations/apps.py": "tests/test_checks.py",
    "generations/admin/collections.py": "tests/catalog/test_collections.py",
    "generations/admin/task_words.py": "tests/admin/test_task_page.py",
    "generations/urls.py": "tests/catalog/test_urls.py",
    "generations/templatetags/catalog.py": "tests/catalog/test_words.py",
    "generations/models/pauses.py": "tests/lifecycle/test_submitting.py",
    "generations/models/deliveries.py": "tests/test_webhooks.py",
    "generations/models/events.py": "tests/models/test_tasks.py",
    "generations/models/people.py": "tests/admin/test_base.py",
    "generations/models/statuses.py": "tests/models/test_tasks.py",
    "generations/models/cost_centers.py": "tests/reports/test_spend.py",
    "generations/reports/totals.py": "tests/reports/test_spend.py",
    "generations/providers/menu.py": "tests/providers/test_offers.py",
    "generations/providers/base.py": "tests/providers/contract.py",
    "generations/library/filters.py": "tests/library/test_search.py",
    "generations/library/naming.py": "tests/library/test_search.py",
    "generations/library/sorting.py": "tests/catalog/test_paging.py",
    "generations/management/commands/worker.py": "tests/commands/test_up.py",
    "generations/management/commands/sandbox.py": "tests/commands/test_up.py",
}


def test_every_file_has_its_tests() -> None:
    missing = []
    for path in CODE:
        inside = path.relative_to(ROOT)
        if inside.parts[0] != "generations" or path.name == "__init__.py" or not text(path).strip():
            continue
        folder = [part for part in inside.parts[1:-1] if part != "management"]
        mirror = Path("tests", *folder, f"test_{path.name}")
        if not (ROOT / TESTED_BY.get(str(inside), mirror)).exists():
            missing.append(str(inside))
    assert missing == []


WRITERS = {"create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "add"}


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the program, with its file and the words of what is called."""
    for path in CODE:
        if "sandbox" not in path.parts:
            for node in ast.walk(ast.parse(text(path))):
                if isinstance(node, ast.Call):
                    yield name(path), node, ast.unparse(node.func)


def test_only_move_writes_a_status() -> None:
    writers = set()
    for file, call, called in calls():
        if called.rsplit(".", 1)[-1] in WRITERS | {"setattr", "GenerationTask"}:
            named = {keyword.arg for keyword in call.keywords}
            values = {node.value for node in ast.walk(call) if isinstance(node, ast.Constant)}
            if "status" in named or ("status" in values and "filter" not in called):
                writers.add(file)
    for path in CODE:
        for node in ast.walk(ast.parse(text(path))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets):
                writers.add(name(path))
            if isinstance(node, ast.Dict) and "sandbox" not in path.parts:
                keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
                writers |= {name(path)} if "status" in keys else set()
    assert writers == {"generations/models/tasks.py"}  # in move(), and as_json() reads it


def test_only_costs_writes_the_ledger() -> None:
    writers = {
        file
        for file, __, called in calls()
        if called == "LedgerEntry"
        or (("LedgerEntry" in called or ".entries." in called) and called.rsplit(".", 1)[-1] in WRITERS)
    }
    assert writers == {"generations/money/ledger.py"}


def test_only_the_settings_read_the_environment() -> None:
    readers = [line for line in lines_with(r"os\.environ|getenv|environ\.Env") if "kling_site/" not in line]
    # `up` hands the environment on to the processes that it starts.
    assert [line for line in readers if not line.startswith("generations/management/commands/up.py")] == []


def test_nothing_is_marked_safe_and_nothing_is_printed() -> None:
    assert lines_with(r"mark_safe|SafeString|^\s*print\(") == []
    templates = [
        path for path in (ROOT / "templates").rglob("*.html") if re.search(r"\|\s*safe\b|autoescape off", text(path))
    ]
    assert templates == []


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(\bsrc=|application/json))|javascript:", re.IGNORECASE
    )
    assert [name(path) for path in (ROOT / "templates").rglob("*.html") if inline.search(text(path))] == []


IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|document\.cookie|\beval\(|new Function|postMessage"
    r"|[\"']message[\"']|indexedDB|serviceWorker|https?://"
)


def test_scripts_make_no_html_of_texts_and_talk_to_this_site_alone() -> None:
    scripts = (ROOT / "generations/static").rglob("*.js")
    assert [(path.name, found[0]) for path in scripts if (found := IN_SCRIPTS.search(text(path)))] == []


def test_scripts_keep_what_they_name_by_texts_in_maps() -> None:
    """An object has names of its own, such as `__proto__`, which a text may be too."""
    keyed = re.compile(r"= \{\};|__proto__|\bfor \(\w+ \w+ in ")
    scripts = (ROOT / "generations/static").rglob("*.js")
    assert [(path.name, found[0]) for path in scripts if (found := keyed.search(text(path)))] == []


def test_no_import_hides_in_a_function() -> None:
    hidden = []
    for path in CODE:
        for function in ast.walk(ast.parse(text(path))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
                hidden += [f"{name(path)}: {function.name}" for __ in inner]
    assert hidden == []


def test_the_paid_post_is_sent_from_one_place() -> None:
    senders = [file for file, __, called in calls() if called.endswith("submit") and "pool" not in called]
    assert senders == ["generations/lifecycle/submitting.py"]


def test_only_the_store_touches_stored_files() -> None:
    pattern = r"MEDIA_ROOT|shutil|os\.(replace|rename|unlink|remove)\b|\.(unlink|write_bytes)\("
    touching = {line.partition(":")[0] for line in lines_with(pattern) if "/sandbox/" not in line}
    assert touching == {"generations/media/store.py", "kling_site/settings.py"}


def test_every_setting_of_the_environment_is_in_the_example_and_in_the_readme() -> None:
    names = set(re.findall(r'env\.\w+\(\s*"(\w+)"', text(ROOT / "kling_site/settings.py")))
    names |= set(
        re.findall(r'(?:base_url|with_password)\((?:env\.\w+, )?"(\w+)"', text(ROOT / "kling_site/settings.py"))
    )
    assert len(names) > 20
    example = text(ROOT / ".env.example")
    assert {name for name in names if not re.search(rf"^#?{name}=", example, re.MULTILINE)} == set()
    assert {name for name in names if f"`{name}`" not in text(README)} == set()


def section(title: str) -> str:
    """A part of the document for operators."""
    return text(DOCS / "operating.md").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_documents_name_all_that_the_site_talks_to_and_the_log_of_each_process() -> None:
    addresses = set(re.findall(r'"(\w+_(?:URL|ORIGINS))"', text(ROOT / "kling_site/settings.py"))) - {"PUBLIC_URL"}
    assert len(addresses) >= 6
    assert {name for name in addresses if f"`{name}`" not in section("What the site talks to")} == set()
    started = set(re.findall(r'"manage.py (\w+)', text(ROOT / "generations/management/commands/up.py")))
    assert started == {"web", "worker", "sandbox"}
    assert {name for name in started if f"| `{name}`, stderr |" not in section("Logs")} == set()


def test_the_readme_is_short_and_every_link_between_the_documents_leads_somewhere() -> None:
    assert len(text(README).splitlines()) <= 220
    for page in (README, *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", text(page)):
            assert (page.parent / target).exists(), f"{name(page)}: {target}"


def test_the_documents_list_every_fault_that_a_prompt_can_request() -> None:
    listed = text(DOCS / "practice.md")
    assert [word for word, effect in FAULTS.items() if f"| `[{word}]` | {effect} |" not in listed] == []


def test_every_path_in_the_table_of_the_architecture_exists() -> None:
    paths = set(re.findall(r"`((?:\w+/)+\w*(?:\.\w+)?)`", text(DOCS / "architecture.md")))
    assert len(paths) > 20
    assert [
        path for path in sorted(paths) if not any((ROOT / top / path).exists() for top in ("generations", "."))
    ] == []


def test_the_readme_and_ci_run_the_same_test_command() -> None:
    command = (
        "python3 -m venv .venv && .venv/bin/pip install -q -r tests/requirements.txt"
        " && .venv/bin/python -m pytest -n auto"
    )
    assert command in text(README)
    assert command in text(ROOT / ".ci/run")


# Words that this project gave up, and what it says instead; also as parts of names, such as `_heard`.
RETIRED = {
    r"(?-i:About\.)": "CallKind", "again_from|again_problem|again=": "retry", "bring_home": "save",
    "breakers?": "pause", "dearer": "more expensive", "deaths": "crash_count", "doors?": "action, view",
    "doorbells?|r[iu]ng|rings|ringing": "wake-up, enqueue", "doubt(ed|ful|s)?": "unconfirmed", "fates?": "faults",
    "flying|landed": "in flight, answered", "forsak\\w+": "expire", "(?-i:Heading)": "cost center",
    "hears?|heard|hearing": "callbacks", "in_hand": "busy", "kept_clips?|per_kept|kept clips?": "approved, stored",
    "looked at|looks?_at|look_seconds|(next|last|another|every|each) looks?": "poll, check", "poke": "poll now",
    "premises|workshop": "provider API, renderer", "remarks?": "notice", "signs? of life": "heartbeat",
    "(?-i:Press|PRESSES)|(a|first|its|one|same|the|whole) press|press's": "order, batch", "strays?": "orphan files",
    "wish(es)?": "order request",
}  # fmt: skip


def test_no_retired_word_comes_back() -> None:
    retired = re.compile(rf"(?<![a-z])(?:{'|'.join(RETIRED)})(?![a-z])", re.IGNORECASE)
    folders = {"generations": ("*.py", "*.js", "*.md"), "templates": ("*.html",)}
    paths = [README, *(path for folder, ends in folders.items() for end in ends for path in (ROOT / folder).rglob(end))]
    found = [
        f"{name(path)}: {line.strip()}"
        for path in paths if "migrations" not in path.parts
        for line in text(path).splitlines() if retired.search(line)
    ]  # fmt: skip
    assert found == []


@pytest.mark.parametrize(
    ("source", "made"), [(".requirements.in", "requirements.txt"), ("tests/requirements.in", "tests/requirements.txt")]
)
def test_every_requirement_is_pinned_with_its_hashes(source: str, made: str) -> None:
    wanted = re.findall(r"^([\w.-]+)(?:\[[\w-]+\])?==(\S+)", text(ROOT / source), re.MULTILINE)
    installed = re.findall(r"^([\w.-]+)==(\S+) \\\n    --hash=sha256:", text(ROOT / made), re.MULTILINE)
    assert len(wanted) > 10
    assert {(name.lower(), version) for name, version in wanted} <= set(installed)
    assert len(installed) == len(re.findall(r"^[\w.-]+[ =]", text(ROOT / made), re.MULTILINE))


def test_no_test_module_imports_from_another_test_module() -> None:
    """What two of them need stands in a conftest.py or in a module that holds no tests."""
    found = []
    for path in TESTS:
        for node in ast.walk(ast.parse(text(path))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(part.startswith("test_") for module in names for part in module.split(".")):
                found.append(name(path))
    assert found == []


def raised(node: ast.AST) -> Iterator[str]:
    """The exceptions that a function raises itself, but for those that it may catch."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Try):
            yield from (name for part in (*child.handlers, *child.orelse, *child.finalbody) for name in raised(part))
        elif isinstance(child, ast.Raise) and isinstance(child.exc, ast.Call):
            yield ast.unparse(child.exc.func).rpartition(".")[2]
        else:
            yield from raised(child)


def public_functions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
            yield from [child] if isinstance(child, ast.FunctionDef) else public_functions(child)


def test_a_public_function_names_what_it_raises() -> None:
    silent = [
        f"{name(path)}: {function.name}: {error}"
        for path in CODE
        for function in public_functions(ast.parse(text(path)))
        for error in raised(function)
        if error[0].isupper() and error not in (ast.get_docstring(function) or "")
    ]
    assert silent == []
