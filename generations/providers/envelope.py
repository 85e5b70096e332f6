"""What the providers' answers have in common: a code, a text and `data`. The words are each one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from generations.providers.base import REMOTE_ID, RemoteState, RemoteTask, storable
from generations.providers.errors import AccountProblem, Busy, FailureKind, OutcomeUnknown, ProviderError, Rejected
from generations.providers.http import Answer

Meanings = Mapping[int, type[ProviderError]]

# What a plain HTTP status proves of an order, and the same number as a code. Never a 5xx: a gateway's is no evidence.
REFUSALS: Meanings = {
    400: Rejected,
    401: AccountProblem,
    402: AccountProblem,
    403: Rejected,
    404: Rejected,
    413: Rejected,
    422: Rejected,
    429: Busy,
}
# Of these the status alone is enough: a gateway may check keys and count requests before the API sees them.
PAGES: Meanings = {401: AccountProblem, 402: AccountProblem, 429: Busy}
# A 403 is "key lacks permission" or "content violates policy" (APIXO): about every order, or about this one.
CONTENT_WORDS = re.compile(r"content|polic|violat|sensitive|prohibited|nsfw|moderat|inappropriate", re.IGNORECASE)
RESULT_URL = re.compile(r"https?://[^\s\x00-\x20\x7f\ud800-\udfff]{1,1980}", re.IGNORECASE)
RESULTS_MAX = 20  # of one order, where one is documented; a list without an end is not followed
BALANCE_MAX = Decimal(10) ** 9  # what is more is not a balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Reads the answers of one provider in its words; what a method cannot return it raises as a ProviderError."""

    text_fields: tuple[str, ...]  # where the message stands; the first one that is filled counts
    id_fields: tuple[str, ...]  # likewise a task's id, inside `data`
    codes: Meanings  # of the envelope's own code; one that is missing here leaves the outcome unknown
    no_money: re.Pattern[str]
    no_money_codes: frozenset[int]  # refusals that are an AccountProblem when their words say no_money
    states: Mapping[str, RemoteState]  # any other word means working
    fail_codes: Mapping[str, FailureKind]

    def read_id(self, answer: Answer) -> str:
        """The id of an accepted order; whatever is neither a plain yes nor a plain no raises OutcomeUnknown."""
        data = answer.body.get("data") if answer.body else None
        task_id = self._id(data) if isinstance(data, dict) else None
        if not is_yes(answer):
            if task_id is not None:  # no refusal carries an id: something may have been made under it
                raise OutcomeUnknown(f"HTTP {answer.status}, a refusal with an id: {answer.excerpt}", code="refused id")
            raise self.error(answer)
        if not isinstance(task_id, str) or not REMOTE_ID.fullmatch(task_id):
            raise OutcomeUnknown(f"accepted, but without a usable id: {answer.excerpt}", code="no id")
        return task_id

    def read_status(self, answer: Answer, *, remote_id: str) -> RemoteTask:
        """A status answer: 404 stands for an unknown task, and `data: null` is taken to say the same."""
        if speaks(answer) and code_of(answer) == 404:
            return RemoteTask(state=RemoteState.UNSEEN, raw_state="404")
        if not is_yes(answer):
            raise self.error(answer)
        body = answer.body or {}
        data = body.get("data", "absent")
        if data is None or data == {}:
            return RemoteTask(state=RemoteState.UNSEEN, raw_state="no data")
        if not isinstance(data, dict):
            raise OutcomeUnknown(f"not a task: {answer.excerpt}", code="no task")
        self.check_task(answer, data, remote_id)
        return self.read_report(data)

    def check_task(self, answer: Answer, data: dict[str, Any], remote_id: str) -> None:
        """Raise OutcomeUnknown when `data` names another task than the one that was asked for."""
        if any(data.get(field) not in (None, remote_id) for field in self.id_fields):
            raise OutcomeUnknown(f"not the task that was asked for: {answer.excerpt}", code="other task")

    def read_report(self, data: dict[str, Any]) -> RemoteTask:
        """Their `data` object in our words; what does not fit is read as "not finished"."""
        raw_state = text(data.get("state"), 50)
        state = self.states.get(raw_state, RemoteState.WORKING)
        if state is RemoteState.FAILED:
            code = text(data.get("failCode"), 100)
            return RemoteTask(
                state=state,
                raw_state=raw_state,
                error_kind=self.fail_codes.get(code, FailureKind.UNKNOWN),
                error_code=code,
                error_message=text(data.get("failMsg"), 2000),
            )
        if state is RemoteState.DONE:
            urls = result_urls(data.get("resultJson"))
            # Seen in the wild: success before the URLs are there. Not finished, then.
            return RemoteTask(state=state if urls else RemoteState.WORKING, raw_state=raw_state, result_urls=urls)
        return RemoteTask(state=state, raw_state=raw_state)

    def read_balance(self, answer: Answer) -> Decimal:
        """A bare number in `data`, in the provider's unit."""
        if not is_yes(answer):
            raise self.error(answer)
        value = (answer.body or {}).get("data")
        try:
            # As text first: 74.87 shall not become 74.8700000000000045.
            amount = Decimal(str(value)) if isinstance(value, int | float | str) else None
        except InvalidOperation:
            amount = None
        if amount is None or not amount.is_finite() or not -BALANCE_MAX <= amount <= BALANCE_MAX:
            raise OutcomeUnknown(f"not a balance: {answer.excerpt}", code="no balance")
        return amount

    def error(self, answer: Answer) -> ProviderError:
        """What an answer means that is not a plain yes."""
        words, code, own = self.words(answer), code_of(answer), own_code(answer)
        if not speaks(answer):
            code, means = answer.status, PAGES.get(answer.status)
            unknown = f"HTTP {code}, not an answer of the API: {answer.excerpt or words}"
        else:
            means = REFUSALS.get(answer.status) if own is None else self.codes.get(own)
            # Kept whole: a task id in it helps the person who has to decide.
            unknown = f"HTTP {answer.status}: {answer.excerpt}"
            if means and code in self.no_money_codes and self.no_money.search(words):
                means = AccountProblem
        if means is None:
            return OutcomeUnknown(unknown, code=str(code))
        if means is Busy:
            return Busy(words, code=str(code), retry_after_seconds=answer.retry_after_seconds)
        if means is Rejected:
            return Rejected(words, code=str(code), kind=self._kind_of(words, code))
        return means(words, code=str(code))

    def words(self, answer: Answer) -> str:
        """The provider's message; some pages put the detail into `data.error`."""
        if answer.body is None:
            return answer.excerpt or f"HTTP {answer.status} without a body"
        data = answer.body.get("data")
        detail = text(data.get("error"), 1000) if isinstance(data, dict) else ""
        said = next((said for field in self.text_fields if (said := text(answer.body.get(field), 1000))), "")
        return ": ".join(part for part in (said, detail) if part) or f"code {code_of(answer)} without a message"

    def _id(self, data: dict[str, Any]) -> object:
        return next((data[field] for field in self.id_fields if data.get(field) not in (None, "")), None)

    def _kind_of(self, words: str, code: int) -> FailureKind:
        """A failure code may also stand in an immediate refusal: APIXO's newest pages say so."""
        named = (kind for name, kind in self.fail_codes.items() if name.lower() in words.lower())
        other = FailureKind.CONTENT if code == 403 and CONTENT_WORDS.search(words) else FailureKind.INPUT
        return next(named, FailureKind.ACCOUNT if code == 403 and other is FailureKind.INPUT else other)


def result_urls(result: Any) -> tuple[str, ...]:
    """The URLs of a `resultJson`, documented as a JSON string and seen as an object; each once, http(s) only."""
    if isinstance(result, str):
        try:
            result = json.loads(result)
        except (ValueError, RecursionError):
            return ()
    urls = result.get("resultUrls") if isinstance(result, dict) else None
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(urls, list):
        return ()
    found = dict.fromkeys(url for url in urls if isinstance(url, str) and RESULT_URL.fullmatch(url))
    return tuple(found)[:RESULTS_MAX]


def own_code(answer: Answer) -> int | None:
    """The envelope's `code`; None when it has none that is a number."""
    code = answer.body.get("code") if answer.body else None
    if isinstance(code, str) and code.isdecimal() and len(code) < 6:
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def code_of(answer: Answer) -> int:
    """The envelope's `code`, which outranks the HTTP status where they differ."""
    own = own_code(answer)
    return answer.status if own is None else own


def speaks(answer: Answer) -> bool:
    """Whether it may be the API that speaks: a page is a gateway's, and so is a redirect, whatever it carries."""
    return answer.body is not None and not 300 <= answer.status < 400


def is_plain(answer: Answer) -> bool:
    """Whether it is surely the API that speaks, and no gateway before it."""
    return answer.body is not None and 200 <= answer.status < 300


def is_yes(answer: Answer) -> bool:
    return is_plain(answer) and code_of(answer) == 200


def text(value: object, limit: int) -> str:
    """A field that should be a text: a number is written out, anything else is left out."""
    written = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return storable(written, limit)
