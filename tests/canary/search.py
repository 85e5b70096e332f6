"""Search what a run left behind for its secrets: each line says where one stands that must not stand there."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator

from tests.canary.run import Run

FEED, LINK, WEBHOOK = "token of a feed", "token of a link", "address of a webhook"
RESULT, SESSION = "signature of a result's address", "session after the change"
# The only columns of the database that hold a secret as it is. A callback's token, a webhook's secret and the signature
# of a start image are made when they are needed; passwords are hashed.
COLUMNS = {
    ("generations_savedsearch", "token"): FEED,
    ("generations_share", "token"): LINK,
    ("generations_endpoint", "address"): WEBHOOK,
    ("generations_video", "source_url"): RESULT,
    ("generations_generationtask", "result_urls"): RESULT,
    ("generations_session", "session_key"): SESSION,
}
# The only pages that show a secret of somebody else's making, and to whom: those who may change webhooks.
PAGES = {("superuser", "/admin/generations/endpoint/1/change/"): {WEBHOOK}}
# Pages of one's own links and feeds.
OWN = {"GET /links/": {LINK}, "GET /searches/": {FEED}}
SHOWN_ONCE = "Created the user admin with the password "  # by the first start of `up`, to whoever started it
LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+00:00 [A-Z]+ [\w.-]+: | \| |The practice provider runs at ")


def in_output(run: Run) -> Iterator[str]:
    """What the processes wrote, by themselves and as commands; `up` puts its own time and the process's name before."""
    for name, text in {"up": run.site.output(), "web": (run.site.folder / "web.log").read_text(), **run.said}.items():
        lines = [line for line in run.secrets.lines_of(text) if SHOWN_ONCE not in line]
        yield from (f"output of {name}: {line}" for line in lines)


def in_log_lines(run: Run) -> Iterator[str]:
    """Lines that a text of somebody has begun, and characters that move a terminal's cursor."""
    for line in run.site.output().split("\n"):
        process, _, written = line.partition(" | ")
        if not line.isprintable() or (process.endswith((" web    ", " worker ")) and not LINE.match(written)):
            yield f"no line of the log: {line!r}"


def in_database(run: Run) -> Iterator[str]:
    """Columns that hold a secret, and columns that should and do not: then the run did not do what it is for."""
    found = set()
    is_sqlite = run.database_url.startswith("sqlite")
    tables = "sqlite_master WHERE type = 'table'" if is_sqlite else "pg_tables WHERE schemaname = 'public'"
    for (table,) in run.sql(f"SELECT {'name' if is_sqlite else 'tablename'} FROM {tables}"):  # noqa: S608
        for row in run.rows(f'SELECT * FROM "{table}"'):  # noqa: S608
            for column, value in row.items():
                found |= {((table, column), name) for name in run.secrets.found_in(unpacked(str(value)))}
    expected = set(COLUMNS.items())
    yield from (f"database: {where} holds {name}" for where, name in sorted(found - expected))
    yield from (f"database: {where} holds no {name}" for where, name in sorted(expected - found))


def unpacked(value: str) -> str:
    """A value of a row; of a session what Django has compressed."""
    if not value.startswith(".eJ"):
        return value
    data = value[1:].partition(":")[0]
    return zlib.decompress(base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))).decode()


def in_pages(run: Run) -> Iterator[str]:
    for role, pages in run.pages.items():
        for url, status, found in pages:
            if status >= 500 or set(found) != PAGES.get((role, url), set()):
                yield f"{role}: {url} answers {status} and shows {found}"


def in_answers(run: Run) -> Iterator[str]:
    """What people were answered who did not know it, besides lists of what is their own."""
    for each in run.answers:
        text = f"{each.answer.headers} {each.answer.text}"
        found = run.secrets.found_in(text) - run.secrets.found_in(each.known) - OWN.get(each.asked, set())
        if found:
            yield f"{each.asked} shows {sorted(found)}"
        if "Server" in each.answer.headers or "X-Powered-By" in each.answer.headers:
            yield f"{each.asked} says what serves it"
    yield from (f"debug page: {line}" for line in run.secrets.lines_of(run.debug_page))


def in_mails(run: Run) -> Iterator[str]:
    yield from (f"mail: {line}" for mail in run.mail.mails for line in run.secrets.lines_of(mail))


def in_commands(run: Run) -> Iterator[str]:
    """The command lines, which everybody on the machine may read; the environment only the same account may."""
    yield from (f"command: {line}" for command in run.commands for line in run.secrets.lines_of(command))


def in_files(run: Run) -> Iterator[str]:
    """Files that hold a secret, besides the database and `.env`, and files that others may read."""
    for path in [run.site.folder / ".env", *(run.site.folder / "var").rglob("*")]:
        name = path.relative_to(run.site.folder)
        if not path.is_file():
            continue
        is_for_all = name.parts[1:2] in (("media",), ("static",))  # nginx reads these
        if path.stat().st_mode & 0o077 and not is_for_all:
            yield f"{name} may be read by others: {oct(path.stat().st_mode)}"
        if path.name != ".env" and not path.name.startswith("db.sqlite3"):
            yield from (f"{name}: {line}" for line in run.secrets.lines_of(path.read_bytes().decode("latin-1")))


PLACES = (in_output, in_log_lines, in_database, in_pages, in_answers, in_mails, in_commands, in_files)
