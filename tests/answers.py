"""What a provider may answer, and what each answer means: a table written from the documents and from nothing else.

An answer is put together from parts whose meaning is known, so that nothing has to be read back to say what it means.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

KEY = "sk-SECRET/0123+456789"  # "/" and "+" are what some servers write differently in JSON
ABSENT = "absent"
CLIP = "https://r2.apixo.ai/a.mp4"

# -- of what an answer is made --


@dataclass(frozen=True)
class Part:
    """A JSON text and what it says; None says nothing."""

    json: str
    says: Any = None

    def __repr__(self) -> str:
        return self.json if len(self.json) < 60 else f"{self.json[:40]}... ({len(self.json)})"


NUMBERS = [200, 201, 0, -1, 400, 401, 402, 403, 404, 408, 413, 418, 422, 429, 433, 455, 500, 501, 502, 503, 504, 505]
CODES = [
    *(Part(str(number), number) for number in NUMBERS),
    *(Part(f'"{number}"', number) for number in (200, 400, 402, 404, 429, 501)),
    *(Part(text) for text in (ABSENT, "null", "true", '""', '"bad"', "[]", '{"a": 1}', "200.0", "NaN", "1e400")),
    Part("1" + "0" * 400, 10**400),
]
STATUSES = [200, 200, 200, 201, 202, 226, 300, 302, 307, 399, 400, 401, 402, 403, 404, 408, 413, 418, 422, 429]
STATUSES += [455, 500, 501, 502, 503, 504, 520]

GOOD, BAD = "an id", "something in the place of an id"
GOOD_IDS = ["task_12345678", "dff8afd34c4e47719b85ad6651daa3f0", "task_kling-2.6_1765182425861", "a", "x" * 200]
BAD_IDS = ["7", "true", "1.5", "[]", '["task_1"]', '{"id": "a"}', '" "', '"a b"', '"../../etc/passwd"', '"task/../1"']
BAD_IDS += ['"' + "x" * 201 + '"', '"' + "x" * 5000 + '"', '"id\\n"', '"id\\u0000"', '"\\ud800"', '"ид"', '"<script>"']
BAD_IDS += ["NaN", "-Infinity", "false", "0", '"?x=1"', '"a%2Fb"', '"' + KEY.replace("/", "\\/") + '"']
NO_IDS = [ABSENT, "null", "[]", '""', "7", "{}", "[null]", '{"taskId": null}', '{"taskId": ""}', '{"taskID": "a"}']
NO_IDS += ['"task_12345678"', '["task_12345678"]']

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
wild = st.recursive(
    scalars | st.sampled_from(["\ud800", "\x00", KEY, "x" * 3000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
wild_json = wild.map(json.dumps)
WORDS = [
    Part('"words"'),
    Part('"Insufficient credits"', "no money"),
    Part('"The current credits are insufficient. Please top up."', "no money at apikley"),
    Part('"The content violates our policy"', "content"),
    Part('"recordInfo is null"', "not visible"),
    Part('"the key ' + KEY + ' is bad"'),
    Part('"the key ' + KEY.replace("/", "\\/").replace("+", "\\u002B") + ' is bad"'),
    *(Part(text) for text in ("null", "7", "[]", "{}", '"\\u0000\\ud800"', '"' + "long " * 2000 + '"', ABSENT)),
]
TEXT_FIELDS = {"apixo": ["message"], "apikley": ["msg", "message"]}
ID_FIELDS = {"apixo": ["taskId"], "apikley": ["taskId", "task_id"]}
# What a page says: a gateway speaks, and of the order or the task it knows nothing.
PAGES = ["", " ", "OK", "<html><h1>Welcome</h1></html>", "[]", "null", "7", '"text"', "NaN", "[" * 100_000]
PAGES += ['{"a":' * 100_000, '{"code":200,"data":{"taskId":"task_1', '{"code": 200,}', "{'code': 400}", "\x00" * 50]
PAGES += ['{"code": 200, "data": {"taskId": "a", "big": 1' + "0" * 5000 + "}}", f"no access with {KEY}"]


@dataclass(frozen=True)
class Made:
    """One answer: its parts, and the bytes that they make."""

    status: int
    code: Part
    words: Part
    data: Part
    field: str = "message"
    page: str | None = None

    @property
    def raw(self) -> bytes:
        if self.page is not None:
            return self.page.encode()
        fields = {"code": self.code, self.field: self.words, "data": self.data}
        given = [f'"{name}": {part.json}' for name, part in fields.items() if part.json != ABSENT]
        return ("{" + ", ".join(given) + "}").encode()

    @property
    def is_api(self) -> bool:
        """Whether it is the API that speaks, and neither a gateway nor a redirect."""
        return self.page is None and not 300 <= self.status < 400

    @property
    def number(self) -> int:
        """The envelope's code outranks the HTTP status."""
        return self.status if self.code.says is None else int(self.code.says)

    @property
    def is_yes(self) -> bool:
        return self.is_api and 200 <= self.status < 300 and self.number == 200


def _object(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": {value}' for name, value in pairs.items()) + "}"


@st.composite
def answers(draw: st.DrawFn, provider: str, data: st.SearchStrategy[Part]) -> Made:
    return Made(
        status=draw(st.sampled_from(STATUSES)),
        # Half of them are a yes by their code: else most would be refused before their data counts.
        code=draw(st.just(Part("200", 200)) | st.sampled_from(CODES)),
        words=draw(st.sampled_from(WORDS)),
        data=draw(data),
        field=draw(st.sampled_from(TEXT_FIELDS[provider])),
        page=draw(st.sampled_from([None] * 9 + ["a page"])) and draw(st.sampled_from(PAGES)),
    )


@st.composite
def order_data(draw: st.DrawFn, provider: str) -> Part:
    """`data` of an answer to an order."""
    kind = draw(st.sampled_from(["good", "good", "bad", "none", "wild"]))
    if kind == "wild":
        return Part(draw(wild_json))
    more = {"more": draw(wild_json), "error": draw(st.sampled_from(['"detail"', "7", f'"{KEY}"', '"\\u0000"']))}
    if kind == "none":
        return Part(draw(st.sampled_from([*NO_IDS, _object(more)])))
    value = f'"{draw(st.sampled_from(GOOD_IDS))}"' if kind == "good" else draw(st.sampled_from(BAD_IDS))
    names = {draw(st.sampled_from(ID_FIELDS[provider])): value}
    return Part(_object(names | more if draw(st.booleans()) else names), GOOD if kind == "good" else BAD)


STATES = {
    "apixo": {"pending": "working", "processing": "working", "success": "done", "failed": "failed"},
    "apikley": {
        "waiting": "working",
        "queuing": "working",
        "generating": "working",
        "success": "done",
        "fail": "failed",
    },
}
ODD_STATES = ['"processing_r2"', '""', '"SUCCESS"', '"canceled"', '"\\ud800"', '"\\u0000"', '"' + "x" * 5000 + '"']
ODD_STATES += ["null", "7", "true", "[]", '["success"]', "{}", "NaN", ABSENT]


def _as_text(result: str) -> str:
    return json.dumps(result)


WITH_URLS = [f'{{"resultUrls": ["{CLIP}"]}}', f'{{"resultUrls": "{CLIP}"}}', f'{{"resultUrls": [null, "{CLIP}", 7]}}']
WITH_URLS += [f'{{"resultUrls": ["{CLIP}", "{CLIP}"]}}', f'{{"resultUrls": ["javascript:alert(1)", "{CLIP}", ""]}}']
WITH_URLS += [json.dumps({"resultUrls": [f"https://r2.apixo.ai/{number}.mp4?{'x' * 500}" for number in range(1500)]})]
NO_URLS = ["{}", "[]", "7", '{"resultUrls": null}', '{"resultUrls": []}', '{"resultUrls": [null]}', f'["{CLIP}"]']
NO_URLS += ['{"resultUrls": ["javascript:alert(1)", "file:///etc/passwd", "//a/b", "http://", "http://a/ b"]}']
NO_URLS += [f'{{"resultUrls": {{"0": "{CLIP}"}}}}', '{"resultUrls": ["http://' + "a" * 2000 + '"]}']
# The same as objects and as the JSON in a text that the documents show; what is written twice over is no result.
RESULTS = [Part(text, True) for text in WITH_URLS + [_as_text(text) for text in WITH_URLS]]
RESULTS += [Part(text, False) for text in NO_URLS + [_as_text(text) for text in NO_URLS]]
RESULTS += [Part(text, False) for text in ("null", '""', '"{"', f'"{CLIP}"', _as_text('{"a":' * 100_000), ABSENT)]
RESULTS += [Part(_as_text(_as_text(WITH_URLS[0])), False)]


@st.composite
def task_data(draw: st.DrawFn, provider: str, remote_id: str) -> Part:
    """`data` of an answer about a task."""
    kind = draw(st.sampled_from(["task"] * 6 + ["gone", "other", "odd"]))
    if kind == "gone":
        return Part(draw(st.sampled_from(["null", "{}"])), "unseen")
    if kind == "odd":
        return Part(draw(st.sampled_from([ABSENT, "[]", "[1]", '"x"', "7", "true", '""', "NaN"])), "nothing")
    known = draw(st.sampled_from([*STATES[provider], ABSENT]))
    state = draw(st.sampled_from(ODD_STATES)) if known == ABSENT else f'"{known}"'
    result = draw(st.sampled_from(RESULTS))
    named = draw(st.sampled_from([f'"{remote_id}"', "null", ABSENT])) if kind == "task" else draw(
        st.sampled_from(['"task_other"', '""', "7", "[]", f'"{remote_id} "'])
    )  # fmt: skip
    fields = {
        draw(st.sampled_from(ID_FIELDS[provider])): named,
        "state": state,
        "resultJson": result.json,
        "failCode": draw(st.sampled_from(["null", '"NSFW"', '"new"', "500", '"\\u0000"', '"' + "c" * 999 + '"', "[]"])),
        "failMsg": draw(st.sampled_from(["null", '"why"', f'"{KEY}"', '"' + "m" * 9999 + '"', "{}"])),
        draw(st.text("abc", min_size=1, max_size=3)): draw(wild_json),
    }
    text = _object({name: value for name, value in fields.items() if value != ABSENT})
    says = STATES[provider].get(known, "working")
    alive = known != ABSENT and says != "failed"
    says = "working" if says == "done" and not result.says else says
    return Part(text, "nothing" if kind == "other" else (says, alive))


# -- what it means --

REFUSED, STOPPED, BUSY = {400, 403, 404, 413, 422}, {401, 402}, {429}
BUSY_CODES = {"apixo": BUSY, "apikley": BUSY | {455, 505}}
STOPPED_CODES = {"apixo": STOPPED, "apikley": STOPPED | {433}}
NO_MONEY_CODES = {"apixo": {400}, "apikley": {400, 422, 429}}
DEAD_CODES = {"apixo": set(), "apikley": {408, 501}}


def verdict(provider: str, answer: Made) -> str:
    """What the number of an answer says of a request: refused, refused with all others, busy, stopped, or unknown."""
    if answer.page is not None:
        return "stopped" if answer.status in STOPPED else "busy" if answer.status in BUSY else "unknown"
    if not answer.is_api:
        return "unknown"
    own = answer.code.says is not None
    if answer.number in NO_MONEY_CODES[provider] and answer.words.says in ("no money", f"no money at {provider}"):
        return "stopped"
    if answer.number in (STOPPED_CODES[provider] if own else STOPPED):
        return "stopped"
    if answer.number in (BUSY_CODES[provider] if own else BUSY):
        return "busy"
    if answer.number == 403 and answer.words.says != "content":
        return "refused with all others"
    return "refused" if answer.number in REFUSED else "unknown"


def an_order_was(provider: str, answer: Made) -> str:
    """What became of an order: accepted, or a verdict. A refusal carries no id; a page carries nothing."""
    if answer.is_api and answer.data.says in (GOOD, BAD):
        return "accepted" if answer.is_yes and answer.data.says == GOOD else "unknown"
    return verdict(provider, answer)


def a_task_is(provider: str, answer: Made) -> str:
    """What is known of a task: working, done, failed, unseen, or nothing."""
    if not answer.is_api:
        return "nothing"
    own, data = answer.code.says is not None, answer.data.says
    if own and answer.number in DEAD_CODES[provider] and 200 <= answer.status < 300:
        names_another = data == "nothing" and answer.data.json.startswith("{")
        alive = isinstance(data, tuple) and data[1]
        return "nothing" if names_another or alive else "failed"
    if answer.number == 404:
        return "unseen"
    if provider == "apikley" and own and answer.number == 422 and answer.words.says == "not visible":
        return "unseen"
    if not answer.is_yes:
        return "nothing"
    return str(data[0]) if isinstance(data, tuple) else str(data)
