"""`manage.py generate`: order clips from the shell, and wait for them if asked to."""

from __future__ import annotations

import json
import re
import sys
import time
from argparse import BooleanOptionalAction
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.management.base import CommandError, CommandParser
from django.utils.datastructures import MultiValueDict
from tqdm import tqdm

from generations import clock
from generations.formats import as_price
from generations.forms import parameters, variables
from generations.forms.orders import OrderForm, choices_of
from generations.lifecycle import ordering
from generations.lifecycle.capacity import why_paused
from generations.lifecycle.ordering import MANY_TAKES
from generations.management.commands._base import Problems, StudioCommand
from generations.models import GenerationTask, Person, Prompt, Status
from generations.models.people import may_order
from generations.models.statuses import ACTIVE
from generations.models.tasks import MINIMUM, UNPRICED
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS
from generations.providers.words import alternatives
from generations.receipts import preflight
from generations.receipts.preflight import Line, Receipt

NOTHING = "Nothing was ordered. Nothing was charged."
POLL_SECONDS = 0.3  # between two reads of the rows while waiting
# The parameters that had options of their own before there was --set; --sound has two.
OWN_OPTIONS = ("duration", "aspect_ratio", "negative_prompt", "cfg_scale", "route")
WITH_OPTION = ("prompt", "sound", "images", *OWN_OPTIONS)
UNDECIDED = (Status.UNCONFIRMED,)  # a person has to decide first


class Command(StudioCommand):
    help = "Order clips. Exit 0: ordered (with --wait: all stored); 1: not all stored; 2: refused, nothing charged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--prompt", help="the text of the clip")
        parser.add_argument("--prompt-id", help="the id of a kept prompt, instead of a text")
        for name in ("provider", "model", "mode"):
            parser.add_argument(f"--{name}", help=alternatives([value for value, _ in choices_of(name)]))
        for name in OWN_OPTIONS:
            parser.add_argument(f"--{name.replace('_', '-')}", metavar="X", help=rules(name))
        parser.add_argument("--sound", action=BooleanOptionalAction, default=None, help=rules("sound"))
        others = "; ".join(f"{name}: {rules(name)}" for name in parameters.kinds() if name not in WITH_OPTION)
        help_of_set = f"a parameter that has no option: {others or 'none now'}"
        parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=help_of_set)
        for name in IMAGE_FIELDS:
            parser.add_argument(f"--{name.replace('_', '-')}", metavar="PATH_OR_URL", help=rules("images"))
        parser.add_argument(
            "--var",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="the value of a variable {{NAME}} of the text",
        )
        parser.add_argument("--campaign", metavar="SLUG", help="what it is bought for; default: the prompt's")
        parser.add_argument("--by", metavar="USERNAME", help="whose order it is; that person's budgets count it")
        parser.add_argument("--takes", default="1", help="how many clips of this")
        parser.add_argument("--spend-at-most", metavar="USD", help="order as many takes as this pays for")
        parser.add_argument(
            "--stop-when-approved", action="store_true", help="cancel the takes that still wait once one is approved"
        )
        parser.add_argument("--delivery", help="polling or callback; default: callback when PUBLIC_URL is https")
        parser.add_argument("--wait", action="store_true", help="until all clips are stored, or cannot be")
        parser.add_argument("--timeout", type=float, default=900.0, help="seconds that --wait waits at most")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        """Order, wait and tell. Raises: CommandError with --wait when not all clips are stored."""
        tasks = self._order(options)
        if options["wait"]:
            wait_for(tasks[0].batch, clips=len(tasks), timeout=options["timeout"])
        ordered = GenerationTask.objects.filter(batch=tasks[0].batch).with_charged().prefetch_related("videos")
        tasks = list(ordered.order_by("pk"))
        if options["json"]:
            rows = [task.as_json() | {"warnings": self.warnings} for task in tasks]
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            paused = why_paused(tasks[0].provider, tasks[0].model)
            self.stdout.write("\n".join(describe(task, paused=paused) for task in tasks))
        if options["wait"] and any(task.status != Status.STORED for task in tasks):
            raise CommandError("not all clips are stored", returncode=1)

    def _order(self, options: dict[str, Any]) -> list[GenerationTask]:
        """Place the order, or end with exit code 2 and every reason."""
        problems: Problems = {}
        prompt = _kept_prompt(options, problems)
        data = _form_data(options, prompt) | _set(options, problems)
        data |= _values(options, data, problems)
        files = {name: file for name in IMAGE_FIELDS if (file := _picture(name, data, problems))}
        by = _person(options["by"], problems)
        form = OrderForm(data, MultiValueDict({name: [file] for name, file in files.items()}))
        if options["spend_at_most"] == "":
            problems["spend_at_most"] = ["is required where it is named: an amount in USD"]
        found = {**{name: [str(text) for text in texts] for name, texts in form.errors.items()}, **problems}
        if found:
            found = {name.removesuffix("_url"): texts for name, texts in found.items()}
            self.refuse(found, as_json=options["json"], done=NOTHING)
        return self._placed(form, prompt, by=by, as_json=options["json"])

    def _placed(
        self, form: OrderForm, prompt: Prompt | None, *, by: Person | None, as_json: bool
    ) -> list[GenerationTask]:
        """Order what the receipt says, or nothing."""
        at, most = clock.now(), form.cleaned_data["spend_at_most"]
        receipt = preflight.inspect([form.order_request(prompt)], by=by, at=at, spend_at_most=most)
        if receipt.problems:
            self.refuse(receipt.problems, as_json=as_json, done=NOTHING)
        self._warn(receipt)
        (line,) = receipt.lines
        if line.takes > MANY_TAKES and sys.stdin.isatty() and not confirmed(line):
            raise CommandError(NOTHING, returncode=2)
        try:
            tasks = ordering.place([replace(line.request, takes=line.takes)], at=at, by=by, shown=[line.price_usd])
        except ValidationError as error:  # another order was first
            self.refuse(error.message_dict, as_json=as_json, done=NOTHING)
        self.stderr.write(f"Ordered: {what(line)}")
        return tasks

    def _warn(self, receipt: Receipt) -> None:
        """Say what a person should know, and what was dropped, on stderr."""
        trimmed = [receipt.trimmed.text] if receipt.trimmed and receipt.trimmed.text else []
        unpriced = [str(UNPRICED)] if receipt.unpriced else [str(MINIMUM)] if receipt.is_minimum else []
        self.warnings = [*trimmed, *unpriced, *(str(notice) for notice in receipt.all_notices)]
        for text in self.warnings:
            self.stderr.write(f"warning: {text}")


def _person(name: str | None, problems: Problems) -> Person | None:
    """Return the person whose order it is: one who may order."""
    if name is None:
        return None
    person = Person.objects.filter(username=name, is_active=True).first()
    if person is None:
        problems["by"] = [f"there is no user {name}"]
    elif not may_order(person):
        problems["by"] = [f"{name} may not order clips"]
    return person


def _kept_prompt(options: dict[str, Any], problems: Problems) -> Prompt | None:
    given = options["prompt_id"]
    if given is None:
        return None
    if options["prompt"] is not None:
        problems["prompt"] = ["a text or the id of a kept prompt, not both"]
        return None
    prompt = Prompt.objects.filter(pk=given).first() if given.isdecimal() and len(given) < 19 else None
    if prompt is None:
        problems["prompt"] = [f"there is no prompt with the id {given}"]
    return prompt


def _form_data(options: dict[str, Any], prompt: Prompt | None) -> dict[str, Any]:
    names = ("provider", "model", "mode", "sound", *OWN_OPTIONS, "takes", "delivery", "campaign", "spend_at_most")
    data = {name: options[name] for name in names if options[name] is not None}
    data["stops_when_approved"] = options["stop_when_approved"]
    data["prompt"] = prompt.text if prompt else options["prompt"] or ""
    kept = prompt.negative_prompt if prompt else ""
    data["negative_prompt"] = kept if options["negative_prompt"] is None else options["negative_prompt"]
    for name in IMAGE_FIELDS:
        data[name] = options[name]
    return data


def _values(options: dict[str, Any], data: dict[str, Any], problems: Problems) -> dict[str, str]:
    """Return the values of variables, by the names of their fields."""
    known = variables.fields([data["prompt"], data["negative_prompt"]])
    found: dict[str, str] = {}
    for given in options["var"]:
        name, _, value = given.partition("=")
        field = f"{variables.PREFIX}{name.strip()}"
        if field not in known:
            problems.setdefault("var", []).append(f"the text has no variable {{{{{name.strip()}}}}}")
        elif field in found:
            problems.setdefault("var", []).append(f"{name.strip()} is given twice")
        found[field] = value
    return found


def _set(options: dict[str, Any], problems: Problems) -> dict[str, str]:
    """Return the parameters that came as NAME=VALUE."""
    data: dict[str, str] = {}
    for given in options["set"]:
        name, _, value = given.partition("=")
        if name not in parameters.kinds() or name == "images":
            problems["set"] = [f"no model takes {name}: `manage.py offers` lists what each one takes"]
        elif name in data or options.get(name) is not None:
            problems[name] = ["is given twice"]
        data[name] = value
    return data


def _picture(name: str, data: dict[str, Any], problems: Problems) -> UploadedFile[bytes] | None:
    """Open the file that a path names; leave a URL to the form."""
    given = data.pop(name) or ""
    if not given:
        return None
    if "://" in given:
        data[f"{name}_url"] = given
        return None
    if re.match(r"[a-z][a-z0-9+.-]+:", given, re.IGNORECASE):  # of an address that is no web address
        problems[name] = [f"not a picture: {given if len(given) <= 40 else f'{given[:40]}…'}"]
        return None
    try:
        path = Path(given)
        return UploadedFile(path.open("rb"), name=path.name, size=path.stat().st_size)
    except OSError as error:
        problems[name] = [f"{given} cannot be read: {error.strerror}"]
        return None


def confirmed(line: Line) -> bool:
    """Ask a person at a terminal whether so many clips are meant."""
    answer = input(f"Order {line.takes:,} clips, {as_price(line.total_usd, is_minimum=line.is_minimum)}? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def wait_for(batch: UUID, *, clips: int, timeout: float) -> None:
    """Wait at most `timeout` seconds until no task of a batch is active, with a progress bar on a terminal."""
    ends = time.monotonic() + timeout
    waiting = GenerationTask.objects.filter(batch=batch, status__in=ACTIVE).exclude(status__in=UNDECIDED)
    with tqdm(total=clips, unit="clip", disable=not sys.stderr.isatty(), leave=False) as bar:
        while (left := waiting.count()) and time.monotonic() < ends:
            bar.update(clips - left - bar.n)
            time.sleep(POLL_SECONDS)


def what(line: Line) -> str:
    """Say what a line orders, the defaults that were chosen for it, and its price."""
    order = line.request.order
    offer = f"{offers.model_name(order.model)} on {offers.provider_name(order.provider)}"
    settings = [offers.mode_name(order.mode), *offers.facts(order), *offers.left_out(order)]
    clips = "1 clip" if line.takes == 1 else f"{line.takes} clips"
    price = as_price(line.price_usd, is_minimum=line.is_minimum) + (
        f" each, {as_price(line.total_usd, is_minimum=line.is_minimum)} together"
        if line.takes > 1 and line.total_usd
        else ""
    )
    return f"{clips} of {offer}; {', '.join(settings)}; {price}."


def describe(task: GenerationTask, *, paused: str) -> str:
    """Describe a task in one line for a terminal; `paused` says why orders like it are not sent, if they are not."""
    files = ", ".join(str(video.file) for video in task.videos.all())
    why = task.error_message or (paused if task.status == Status.QUEUED else "")
    return f"task {task.pk}: {task.status} {files or why}".rstrip()


def rules(name: str) -> str:
    """Say for --help which values a parameter takes; where models differ, which each of them takes."""
    by_rule: dict[str, list[str]] = {}
    for offer in offers.OFFERS.values():
        if name in offer.parameters:
            models = by_rule.setdefault(offer.parameters[name].rule(), [])
            models += [model for model in [offers.model_name(offer.model)] if model not in models]
    texts = [rule if len(by_rule) == 1 else f"{', '.join(models)}: {rule}" for rule, models in by_rule.items()]
    return "; ".join(texts).replace("%", "%%")
