"""The run: real processes, orders that meet every fault, people who sign in, a kill, errors that nobody expects."""

from __future__ import annotations

import json
import os
import re
import secrets as random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.canary.provider import ORDERS, MailServer, RepeatingProvider
from tests.canary.secrets import Secrets
from tests.processes import proc
from tests.processes.fresh import ROOT, FreshSite
from tests.processes.site import Site, select
from tests.processes.web import Web

HOSTILE = "ann\r\n2026-11-20T12:00:00.000+00:00 ERROR forged\x1b[2J"  # a name that would be a line, and clear a screen
BROKEN = ("generations_savedsearch", "generations_webhookmessage")
Page = tuple[str, int, list[str]]  # its address, its status, the secrets that it shows


@dataclass
class Exchange:
    """A request, what its sender knew, and its answer."""

    asked: str
    known: str
    answer: requests.Response


@dataclass
class Run:
    """What a run leaves behind, to be searched."""

    site: FreshSite
    secrets: Secrets
    provider: RepeatingProvider
    mail: MailServer
    database_url: str
    commands: set[str] = field(default_factory=set)  # the command line of each process
    answers: list[Exchange] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)  # by commands
    pages: dict[str, list[Page]] = field(default_factory=dict)  # by role
    debug_page: str = ""

    def rows(self, query: str) -> list[dict[str, Any]]:
        return select(self.database_url, query)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.rows(query)]

    def wait(self, query: str, rows: int = 1) -> None:
        self.site.wait_for(lambda: len(self.sql(query)) >= rows, f"{rows} rows of {query}")

    def inside(self, call: str, given: object = None) -> Any:
        """Run a function of tests/canary/inside.py in the site, and return what it wrote."""
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", f"from tests.canary import inside; inside.{call}"]
        done = subprocess.run(
            command, cwd=self.site.folder, env=self.site.env | {"PYTHONPATH": str(ROOT)}, input=json.dumps(given),
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        self.said[call] = done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def ask(self, browser: requests.Session, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request and keep its answer; a POST brings the token that a page of the site gave."""
        if method == "POST":
            more["headers"] = {"X-CSRFToken": browser.cookies.get("csrftoken", "")} | more.get("headers", {})
        url = f"http://127.0.0.1:{self.site.port}{path}"
        answer = browser.request(method, url, allow_redirects=False, timeout=30, **more)
        known = f"{path} {more.get('data')} {[*browser.cookies.values()]} {answer.headers.get('Set-Cookie')}"
        self.answers.append(Exchange(f"{method} {path}", known, answer))
        return answer

    def watch(self, over: threading.Event) -> None:
        """Note the command line of each process of the site."""
        while not over.wait(0.1):
            self.commands.update(filter(None, map(proc.command_line, self.site.processes())))


def settings(secrets: Secrets, provider: RepeatingProvider, mail: MailServer, port: int) -> dict[str, str]:
    """What stands in `.env`, besides the database."""
    return {
        "SECRET_KEY": secrets.make("SECRET_KEY") * 3,
        "APIXO_API_KEY": f"sk-live/{secrets.make('key of APIXO')}+0==",
        "APIKLEY_API_KEY": f"sk-live/{secrets.make('key of Apikley')}+0==",
        "APIXO_BASE_URL": f"{provider.url}/api/v1",
        "APIKLEY_BASE_URL": f"{provider.url}/api/v1",
        "RESULT_ORIGINS": provider.url,
        "EMAIL_URL": f"smtp://studio:{secrets.make('password of the mail server')}@127.0.0.1:{mail.port}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "PRACTICE": "True",  # so that callbacks and webhooks may come to this machine
        "WAIT_SCALE": "0.05",
    }


@contextmanager
def database(secrets: Secrets, folder: Path) -> Iterator[str]:
    """A new database: where the tests run on PostgreSQL, one of that server, with a password."""
    outside = urlsplit(os.environ.get("DATABASE_URL", ""))
    if not outside.scheme.startswith("postgres"):
        yield f"sqlite:///{folder}/var/db.sqlite3"
        return
    name = f"canary_{random.token_hex(8)}"
    password = secrets.make("password of the database")
    select(outside.geturl(), f"CREATE DATABASE {name}")
    try:
        yield f"postgres://{outside.username}:{password}@{outside.hostname}:{outside.port or 5432}/{name}"
    finally:
        select(outside.geturl(), f"DROP DATABASE {name} WITH (FORCE)")


def orders() -> list[dict[str, str]]:
    """One for each fault, and some that are accepted and end with a clip; a refused key ends it."""
    faulty = [("apixo", f"[{word}] apixo") for word in [*ORDERS, "fail"] if word != "bad key"]
    good = [("apixo", "scarlet apixo"), ("apikley", "scarlet apikley"), ("apixo", "ochre apixo, of a picture")]
    last = ("apixo", "[bad key] apixo")
    return [{"provider": provider, "prompt": prompt} for provider, prompt in [*faulty, *good, last]]


def drive(run: Run) -> None:
    """A day at the site, from its first start to its end."""
    over = threading.Event()
    watcher = threading.Thread(target=run.watch, args=[over])
    watcher.start()
    try:
        run.site.start()
        shown = re.search(r"with the password (\S+)", run.site.output())
        assert shown
        first = run.secrets.add("first password", shown[1])
        webhook = f"{run.provider.url}/hook/{run.secrets.make('address of a webhook')}"
        made = run.inside("begin()", {"webhook": webhook, "orders": orders()})
        run.secrets.add("secret of a webhook", made["webhook secret"].removeprefix("whsec_").rstrip("="))
        browser = sign_in(run, first)
        run.wait("SELECT 1 FROM generations_video", rows=3)
        run.wait("SELECT 1 FROM generations_webhooktry")
        share(run, browser)
        kill_the_worker(run)
        with tables_away(run):
            meet_errors(run, browser)
        run.site.stop(signal.SIGTERM)
        with tables_away(run):
            run.debug_page = debug_page(run)
    finally:
        over.set()
        watcher.join()
    ended = run.inside("end()", run.secrets.named)
    run.said |= ended["said"]
    run.pages = ended["pages"]


def sign_in(run: Run, first: str) -> requests.Session:
    """Sign in: with a wrong password, with the password in the place of the name, rightly; then change it."""
    browser = requests.Session()
    run.ask(browser, "GET", "/login/")
    wrong, second = run.secrets.make("wrong password"), run.secrets.make("second password")
    for name in ("admin", first, run.secrets.make("a password as name"), HOSTILE):
        for page in ("/login/", "/admin/login/"):
            data = {"username": name, "password": wrong}
            assert run.ask(browser, "POST", page, data=data, headers={"Referer": HOSTILE[:3]}).status_code == 200
    run.ask(browser, "POST", "/login/", data={"username": "admin", "password": first})
    run.secrets.add("session", browser.cookies["sessionid"])
    words = {"old_password": first, "new_password1": second, "new_password2": second}
    run.ask(browser, "POST", "/admin/password_change/", data=words | {"new_password2": wrong})
    answer = run.ask(browser, "POST", "/admin/password_change/", data=words)
    assert answer.status_code == 302, answer.text
    run.secrets.add("session after the change", browser.cookies["sessionid"])
    run.secrets.add("mark of a known browser", browser.cookies["known_browser"].rpartition(":")[2])
    return browser


def share(run: Run, browser: requests.Session) -> None:
    """Share a clip with a password, let a guest in, and save a search, which has a feed."""
    ((video,),) = run.sql("SELECT min(id) FROM generations_video")
    password, wrong = run.secrets.make("password of a link"), run.secrets.make("wrong password of a link")
    run.ask(browser, "POST", "/links/new/", data={"video": video, "days": "3", "password": password, "may_comment": ""})
    run.ask(browser, "POST", "/searches/new/", data={"search": "q=scarlet", "name": HOSTILE})
    link = run.secrets.add("token of a link", run.sql("SELECT token FROM generations_share")[0][0])
    feed = run.secrets.add("token of a feed", run.sql("SELECT token FROM generations_savedsearch")[0][0])
    guest = requests.Session()
    assert run.ask(guest, "GET", f"/s/{link}/").status_code == 200
    assert run.ask(guest, "POST", f"/s/{link}/", data={"password": wrong}).status_code == 403
    assert run.ask(guest, "POST", f"/s/{link}/", data={"password": password}).status_code == 302
    for path in ("", f"videos/{video}/", "videos/99/", "nothing/"):
        run.ask(guest, "GET", f"/s/{link}/{path}")
    run.ask(guest, "POST", f"/s/{link}/videos/{video}/comments/", data={"text": "good", "guest_name": HOSTILE})
    for path in (f"/feeds/{feed}.atom", f"/feeds/{feed}.atom/x", f"/embed/{link}/", "/none%0d%0aforged%1b[2J/"):
        run.ask(guest, "GET", path)
    for path in ("/links/", "/searches/"):
        run.ask(browser, "GET", path)


def kill_the_worker(run: Run) -> None:
    """kill -9, and `up` starts it again."""
    started = re.compile(r"worker started \(pid=(\d+)\)")
    before = started.findall(run.site.output())
    proc.send(signal.SIGKILL, [int(before[-1])])
    run.site.wait_for(lambda: len(started.findall(run.site.output())) > len(before), "second worker")


@contextmanager
def tables_away(run: Run) -> Iterator[None]:
    """Take tables away, so that pages and a job meet an error that nobody expects."""
    for table in BROKEN:
        run.sql(f"ALTER TABLE {table} RENAME TO {table}_gone")
    yield
    for table in BROKEN:
        run.sql(f"ALTER TABLE {table}_gone RENAME TO {table}")


def meet_errors(run: Run, browser: requests.Session) -> None:
    feed, link = (run.secrets.named[f"token of a {name}"] for name in ("feed", "link"))
    referer = {"Referer": f"http://127.0.0.1:{run.site.port}/s/{link}/"}
    for path in ("/searches/", f"/feeds/{feed}.atom?token={feed}", "/admin/generations/endpoint/"):
        assert run.ask(browser, "GET", path, headers=referer).status_code == 500
    run.ask(browser, "POST", "/searches/new/", data={"search": "q=x", "name": run.secrets.make("a name in a form")})
    run.inside("fail()")
    run.wait("SELECT 1 FROM django_q_task WHERE NOT success")


def debug_page(run: Run) -> str:
    """Ask for a page that fails where DEBUG is on, which takes a site without keys."""
    lines = (run.site.folder / ".env").read_text().splitlines()
    env = {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}
    with Web(Site(run.site.folder, **env | {"DEBUG": "True", "APIXO_API_KEY": "", "APIKLEY_API_KEY": ""})) as web:
        cookies = {"sessionid": run.secrets.named["session after the change"]}
        return requests.get(f"http://127.0.0.1:{web.port}/searches/", cookies=cookies, timeout=30).text


@contextmanager
def a_run(folder: Path) -> Iterator[Run]:
    """Make a site in a folder and drive it. All of its processes end with it; its database and files stay a while."""
    secrets = Secrets()
    with RepeatingProvider(secrets) as provider, MailServer() as mail, database(secrets, folder) as url:
        site = FreshSite(folder)
        env = settings(secrets, provider, mail, site.port) | {"DATABASE_URL": url}
        (folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in env.items()))
        run = Run(site, secrets, provider, mail, url)
        try:
            drive(run)
        finally:
            proc.send(signal.SIGKILL, site.processes())
        yield run
