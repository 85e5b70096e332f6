"""What runs inside the site of the run, as `manage.py shell` does: it places orders, runs commands, opens pages."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import models, transaction

from generations import clock, wakeups
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.media.images import CleanImage
from generations.models import (
    BalanceReading,
    Endpoint,
    GenerationTask,
    NoticeChoice,
    NoticeKind,
    Pause,
    ReferenceImage,
    Video,
)
from generations.models.notices import HowOften
from generations.notices import sending
from generations.providers.base import Order
from generations.worker import jobs
from tests.canary.secrets import Secrets
from tests.clips import png
from tests.roles.cases import Case
from tests.roles.needs import NOBODY
from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

COMMANDS = (
    ["check", "--deploy"], ["reconcile"], ["reconcile", "--json"], ["cleanup"], ["tasks"], ["tasks", "--json"],
    ["ledger", "--json"], ["budgets", "--json"], ["prices"], ["offers"], ["check_invariants"],
    ["generate", "--prompt", "[fail] last", "--model", "kling-2-6", "--mode", "text-to-video", "--duration", "5",
     "--aspect-ratio", "16:9", "--sound", "--json"],
)  # fmt: skip


def begin() -> None:
    """Make a webhook and people who are told by e-mail, and place orders; print what is secret."""
    given = json.load(sys.stdin)
    endpoint = Endpoint.objects.create(address=given["webhook"], kinds=[kind.value for kind in NoticeKind])
    for person in User.objects.filter(is_superuser=True):
        User.objects.filter(pk=person.pk).update(email="admin@example.com")
        NoticeChoice.objects.create(person=person, mailed=NoticeKind.values, how_often=HowOften.HOURLY)
    picture = ReferenceImage.store(CleanImage(png((400, 300)), "png", 400, 300), name="bottle.png")
    for line in given["orders"]:
        chosen = {"prompt": line["prompt"], "duration": 5, "aspect_ratio": "16:9", "sound": False}
        is_picture = "picture" in line["prompt"]
        if is_picture:
            del chosen["aspect_ratio"]
        mode = "image-to-video" if is_picture else "text-to-video"
        order = Order(provider=line["provider"], model="kling-2-6", mode=mode, parameters=chosen)
        images = {"start_image": picture} if is_picture else {}
        ordering.place([OrderRequest(order, delivery="callback", images=images)], at=clock.now())
    sending.enqueue_test(endpoint, at=clock.now())
    wakeups.enqueue_notices()
    sys.stdout.write(json.dumps({"endpoint": endpoint.pk, "webhook secret": endpoint.secret()}))


def fail() -> None:
    """Have the worker run a job of which it knows nothing good."""
    wakeups.enqueue_notices()


def end() -> None:
    """Run each command, send what is due, and open every page as people of three kinds; print all of it as JSON."""
    secrets = Secrets(json.load(sys.stdin))
    said = {" ".join(command): output(lambda: call_command(*command)) for command in COMMANDS}  # noqa: B023
    jobs.derive_notices()
    for time in ("first", "second"):  # the mail server refuses the first one who signs in
        said[f"{time} notices"] = output(lambda: sys.stdout.write(jobs.send_notices()))
    pages = {role: list(visit(role, secrets)) for role in ("superuser", "Viewer", "anonymous")}
    sys.stdout.write(json.dumps({"said": said, "pages": pages}))


def output(run: Callable[[], object]) -> str:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(out), suppress(SystemExit):
        run()
    return out.getvalue()


ROWS: dict[str, type[models.Model]] = {
    "queued": GenerationTask, "video": Video, "image": ReferenceImage, "endpoint": Endpoint, "pause": Pause,
    "reading": BalanceReading,
}  # fmt: skip


def visit(role: str, secrets: Secrets) -> Iterator[tuple[str, int, list[str]]]:
    """Open every page of the table of routes: its address, status, and which secrets it shows."""
    with transaction.atomic():
        visitor = Visitor(role)
        for route, cases in PAGES.items():
            for case in cases:
                if case.get is NOBODY:
                    continue
                for url in addresses(visitor, route, case):
                    response, _ = visitor.send("get", url)
                    content = b"" if response.streaming else response.content
                    text = f"{response.headers}\n{response.cookies}\n{content.decode('utf-8', 'replace')}"
                    yield url, response.status_code, sorted(secrets.found_in(text))
        transaction.set_rollback(True)


def addresses(visitor: Visitor, route: str, case: Case) -> Iterator[str]:
    """The address of a page, and those of the same page of each row of the run."""
    yield visitor.url(route, case)
    if visitor.person and len(case.on) == 1 and case.on[0] in ROWS and "query" not in case.query:
        (name,), made = case.on, dict(visitor.rows)
        for pk in ROWS[name]._default_manager.values_list("pk", flat=True):
            visitor.rows[name] = str(pk)
            yield visitor.url(route, case)
        visitor.rows = made
