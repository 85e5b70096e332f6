"""Import prompts from the rows of a file: check each cell, then write all that was agreed on, or nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from generations.library import prompt_campaigns, prompt_settings, prompt_text
from generations.library.prompt_files import Row
from generations.models import Action, AuditEntry, Campaign, Person, Prompt, Tag
from generations.providers.base import UNSTORABLE

TEXTS = ("title", "text", "negative_prompt", "notes")
Key = tuple[str, str, str, int | None]  # title, text, negative prompt and campaign: a prompt that has them is the same


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be imported."""

    column: str
    rule: str


@dataclass(slots=True)
class Checked:
    """A row with what it would become, and why it cannot."""

    row: Row
    problems: list[Problem] = field(default_factory=list)
    campaign: Campaign | None = None
    tags: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        text = self.row.cells.get(name, "")
        return " ".join(text.split()) if name == "title" else text.strip()

    @property
    def words(self) -> prompt_campaigns.Words:
        return self.text("text"), self.text("negative_prompt")

    @property
    def key(self) -> Key:
        title, text, unwanted, _notes = (self.text(name) for name in TEXTS)
        return title, text, unwanted, self.campaign.pk if self.campaign else None


def check(rows: list[Row], *, by: Person) -> list[Checked]:
    """Return each row with all that is wrong with it; the number of queries does not depend on the rows."""
    campaigns: dict[str, Campaign] = {}
    for campaign in Campaign.objects.all():
        campaigns |= {campaign.name.casefold(): campaign}
    campaigns |= {campaign.slug: campaign for campaign in list(campaigns.values())}
    known = {tag.name.casefold(): tag.name for tag in Tag.objects.all()}
    found = [_checked(row, campaigns, known) for row in rows]
    _find_copies(found)
    if not prompt_campaigns.may_move(by):
        _find_campaigns(found)
    return found


def save(rows: list[Checked], *, at: datetime, by: Person, name: str = "a file") -> list[Prompt]:
    """Write the prompts of good rows of a file, all or none. Raises: ValueError for a row with a problem."""
    if any(checked.problems for checked in rows):
        raise ValueError("a row with a problem is not imported")
    with transaction.atomic():
        names = dict.fromkeys(name for checked in rows for name in checked.tags)
        tags = {name: Tag.objects.get_or_create(name=name)[0] for name in names}
        prompts = []
        for checked in rows:
            texts = {name: checked.text(name) for name in TEXTS}
            prompt = Prompt.objects.create(**texts, campaign=checked.campaign, defaults=checked.settings, created_by=by)
            prompt.keep(at=at, by=by)
            prompt.tags.set([tags[name] for name in checked.tags])
            prompts.append(prompt)
        if prompts:
            many = "1 prompt" if len(prompts) == 1 else f"{len(prompts)} prompts"
            AuditEntry.objects.record(Action.IMPORTED, prompts[0], f"{many} from {name}", at=at, by=by)
    return prompts


def _checked(row: Row, campaigns: dict[str, Campaign], known: dict[str, str]) -> Checked:
    checked = Checked(row)
    checked.problems += [Problem(column, rule) for column, rule in row.broken.items()]
    checked.problems += [problem for problem in _texts(checked) if problem.column not in row.broken]
    if name := checked.text("campaign"):
        checked.campaign = campaigns.get(name) or campaigns.get(name.casefold())
        if not checked.campaign:
            text = _("there is no campaign “{name}”").format(name=name[:40])
            checked.problems.append(Problem("campaign", text))
    try:
        checked.tags = _tags(checked.text("tags"), known)
    except ValidationError as error:
        checked.problems += [Problem("tags", rule) for rule in error.messages]
    try:
        checked.settings = prompt_settings.from_text(checked.text("settings"))
    except ValidationError as error:
        checked.problems += [Problem("settings", rule) for rule in error.messages]
    return checked


def _texts(checked: Checked) -> Iterator[Problem]:
    """Yield what is wrong with the texts of a row."""
    for name in checked.row.cells:
        if UNSTORABLE.search(checked.text(name)):
            yield Problem(name, _("has a character that is no text"))
    for name in TEXTS:
        text, most = checked.text(name), getattr(Prompt._meta.get_field(name), "max_length", None)
        if name == "text" and not text:
            yield Problem(name, _("is required"))
        if most and len(text) > most:
            words = _("takes at most {most} characters, not {count}")
            yield Problem(name, words.format(most=f"{most:,}", count=f"{len(text):,}"))
        if name in ("text", "negative_prompt"):
            yield from (Problem(name, rule) for rule in prompt_text.problems(text))


def _tags(text: str, known: dict[str, str]) -> list[str]:
    """Return the tags of a cell, as they are written where the library has them. Raises: ValidationError."""
    cells = next(csv.reader(StringIO(text, newline=""), skipinitialspace=True), [])
    names = [" ".join(cell.split()) for cell in cells if cell.strip()]
    most = Tag._meta.get_field("name").max_length or 0
    if long := [name for name in names if len(name) > most]:
        words = _("a tag has at most {most} characters, “{beginning}…” {count}")
        raise ValidationError([words.format(most=most, beginning=name[:20], count=len(name)) for name in long])
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), known.get(name.casefold(), name))
    return list(first.values())


def _find_copies(found: list[Checked]) -> None:
    """Add a problem to each good row that an earlier row or the library has already."""
    good = [checked for checked in found if not checked.problems]
    texts = {checked.text("text") for checked in good}
    columns = ("title", "text", "negative_prompt", "campaign")
    seen: dict[Key, str] = {}
    for pk, *key in Prompt.objects.filter(text__in=texts).order_by("-pk").values_list("pk", *columns):
        title, text, unwanted, campaign = key
        seen[title, text, unwanted, campaign] = _("the library has it already: prompt {number}").format(number=pk)
    for checked in good:
        if checked.key in seen:
            checked.problems.append(Problem("text", seen[checked.key]))
        seen.setdefault(checked.key, _("is the same as row {number}").format(number=checked.row.number))


def _find_campaigns(found: list[Checked]) -> None:
    """Add a problem to each good row whose words another campaign pays for."""
    good = [checked for checked in found if not checked.problems]
    same = prompt_campaigns.of_words([checked.words for checked in good])
    for checked in good:
        if text := prompt_campaigns.why_no_copy(same.get(checked.words, ()), checked.campaign):
            checked.problems.append(Problem("campaign", text))
