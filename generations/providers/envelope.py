"""Read the answers of all providers: a JSON envelope of a code, a message and `data`. Each adapter names its words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from generations.providers.base import REMOTE_ID, RemoteState, RemoteTask, storable
from generations.providers.errors import AccountProblem, Busy, FailureKind, OutcomeUnknown, ProviderError, Rejected
from generations.providers.http import Answer

Meanings = Mapping[int, type[ProviderError]]

# What an HTTP status, or the same number as a code, proves of an order. A 5xx proves nothing: gateways send it too.
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
# These statuses suffice without JSON: a gateway may check keys and count requests before the API.
PAGES: Meanings = {401: AccountProblem, 402: AccountProblem, 429: Busy}
# A 403 is "Key or route cannot access the model" or "content was rejected" (APIXO): about a model, or about this order.
CONTENT_WORDS = re.compile(r"content|polic|violat|sensitive|prohibited|nsfw|moderat|inappropriate", re.IGNORECASE)
RESULT_URL = re.compile(r"https?://[^\s\x00-\x20\x7f\ud800-\udfff]{1,1980}", re.IGNORECASE)
RESULTS_MAX = 20  # for one order, where one is documented: bounds what an endless list costs
WHOLE_MAX = 10**15  # ms since 1970: the year 33658
BALANCE_MAX = Decimal(10) ** 9  # a larger number is no balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The fields, codes and words of one provider's answers, and how they are read."""

    text_fields: tuple[str, ...]  # of the message; the first that is not empty counts
    id_fields: tuple[str, ...]  # of the task's id, inside `data`, likewise
    codes: Meanings  # of the envelope's own code; one that is missing here leaves the outcome unknown
    no_money: re.Pattern[str]
    no_money_codes: frozenset[int]  # refusals that are an AccountProblem when their words say no_money
    states: Mapping[str, RemoteState]  # any other word means working
    fail_codes: Mapping[str, FailureKind]

    def read_id(self, answer: Answer) -> str:
        """Return the id of an accepted order.

        Raises: OutcomeUnknown when the answer neither accepts nor refuses plainly, else the ProviderError of a refusal.
        """
        data = answer.body.get("data") if answer.body else None
        task_id = self._id(data) if isinstance(data, dict) else None
        if not is_yes(answer):
            if task_id is not None:  # a refusal with an id may have made a task
                raise OutcomeUnknown(f"HTTP {answer.status}, a refusal with an id: {answer.excerpt}", code="refused id")
            raise self.error(answer)
        if not isinstance(task_id, str) or not REMOTE_ID.fullmatch(task_id):
            raise OutcomeUnknown(f"accepted, but without a usable id: {answer.excerpt}", code="no id")
        return task_id

    def read_status(self, answer: Answer, *, remote_id: str) -> RemoteTask:
        """Return the task of a status answer; 404 and `data: null` both mean an unknown task.

        Raises: OutcomeUnknown when the answer is no task or another task, else the ProviderError of a refusal.
        """
        if speaks(answer) and code_of(answer) == 404:
            return RemoteTask(state=RemoteState.UNSEEN, raw_state="404", error_message=self.words(answer))
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
        """Check that `data` names the task that was asked for. Raises: OutcomeUnknown."""
        if any(data.get(field) not in (None, remote_id) for field in self.id_fields):
            raise OutcomeUnknown(f"not the task that was asked for: {answer.excerpt}", code="other task")

    def read_report(self, data: dict[str, Any]) -> RemoteTask:
        """Translate their `data` object; what does not fit is read as "not finished"."""
        raw_state = text(data.get("state"), 50)
        state = self.states.get(raw_state, RemoteState.WORKING)
        clock = clock_of(data)
        if state is RemoteState.FAILED:
            code = text(data.get("failCode"), 100)
            return RemoteTask(
                state=state,
                raw_state=raw_state,
                error_kind=self.fail_codes.get(code, FailureKind.UNKNOWN),
                error_code=code,
                error_message=text(data.get("failMsg"), 2000),
                **clock,
            )
        if state is RemoteState.DONE:
            urls = result_urls(data.get("resultJson"))
            # Seen in practice: success without URLs yet, so not finished.
            state = state if urls else RemoteState.WORKING
            return RemoteTask(state=state, raw_state=raw_state, result_urls=urls, **clock)
        return RemoteTask(state=state, raw_state=raw_state, **clock)

    def read_balance(self, answer: Answer) -> Decimal:
        """Return the bare number in `data`, in the provider's unit.

        Raises: OutcomeUnknown when it is no balance, else the ProviderError of a refusal.
        """
        if not is_yes(answer):
            raise self.error(answer)
        value = (answer.body or {}).get("data")
        try:
            # As text first: else 74.87 becomes 74.8700000000000045.
            amount = Decimal(str(value)) if isinstance(value, int | float | str) else None
        except InvalidOperation:
            amount = None
        if amount is None or not amount.is_finite() or not -BALANCE_MAX <= amount <= BALANCE_MAX:
            raise OutcomeUnknown(f"not a balance: {answer.excerpt}", code="no balance")
        return amount

    def error(self, answer: Answer) -> ProviderError:
        """Return the error that an answer means which does not plainly accept."""
        words, code, own = self.words(answer), code_of(answer), own_code(answer)
        if not speaks(answer):
            code, means = answer.status, PAGES.get(answer.status)
            unknown = f"HTTP {code}, not an answer of the API: {answer.excerpt or words}"
        else:
            means = REFUSALS.get(answer.status) if own is None else self.codes.get(own)
            # The whole answer: a task id in it helps the person who decides.
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
        """Return the provider's message; some pages put the detail into `data.error`."""
        if answer.body is None:
            return answer.excerpt or f"HTTP {answer.status} without a body"
        data = answer.body.get("data")
        detail = text(data.get("error"), 1000) if isinstance(data, dict) else ""
        said = next((said for field in self.text_fields if (said := text(answer.body.get(field), 1000))), "")
        return ": ".join(part for part in (said, detail) if part) or f"code {code_of(answer)} without a message"

    def _id(self, data: dict[str, Any]) -> object:
        return next((data[field] for field in self.id_fields if data.get(field) not in (None, "")), None)

    def _kind_of(self, words: str, code: int) -> FailureKind:
        """Classify a refusal; APIXO's newest pages say that it may name a failure code too."""
        named = (kind for name, kind in self.fail_codes.items() if name.lower() in words.lower())
        if code != 403:
            return next(named, FailureKind.INPUT)
        return next(named, FailureKind.CONTENT if CONTENT_WORDS.search(words) else FailureKind.ACCESS)


def clock_of(data: dict[str, Any]) -> dict[str, Any]:
    """What a task object says of its times: `createTime` and `completeTime` since 1970, `costTime`, all in ms."""
    created, completed = (_moment(_whole(data.get(name))) for name in ("createTime", "completeTime"))
    return {"created_at": created, "completed_at": completed, "cost_ms": _whole(data.get("costTime"))}


def _moment(ms: int | None) -> datetime | None:
    try:
        return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _whole(value: Any) -> int | None:
    """A whole number from 0 on, also one that is written as a text; None for anything else."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value < WHOLE_MAX else None


def result_urls(result: Any) -> tuple[str, ...]:
    """Return the URLs of a `resultJson`, documented as a JSON string and seen as an object: unique, http(s) only."""
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
    """Return the envelope's `code`; None when it has no number."""
    code = answer.body.get("code") if answer.body else None
    if isinstance(code, str) and code.isdecimal() and len(code) < 6:
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def code_of(answer: Answer) -> int:
    """Return the envelope's `code`, which outranks the HTTP status where they differ; else the status."""
    own = own_code(answer)
    return answer.status if own is None else own


def speaks(answer: Answer) -> bool:
    """Return whether the API may have answered: a web page or a redirect comes from a gateway."""
    return answer.body is not None and not 300 <= answer.status < 400


def is_plain(answer: Answer) -> bool:
    """Return whether the API surely answered, and no gateway in front of it."""
    return answer.body is not None and 200 <= answer.status < 300


def is_yes(answer: Answer) -> bool:
    return is_plain(answer) and code_of(answer) == 200


def text(value: object, limit: int) -> str:
    """Return a text field; a number becomes text, anything else an empty string."""
    written = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return storable(written, limit)
