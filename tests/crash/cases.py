"""What is tried: scenarios, each a way of an order through the studio, and the points at which it is killed."""

from __future__ import annotations

from dataclasses import dataclass

Ends = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Steps of harness.Studio; words in the prompts say what goes wrong (faulty_provider/faults.py)."""

    name: str
    prompts: tuple[str, ...]
    steps: tuple[str, ...] = ("order", "work")
    ends: tuple[Ends, ...]  # where each prompt's rows may end when nothing dies, or not in the middle of its POST
    if_killed: Ends = frozenset()  # where they may end besides when the process died before its last step
    provider: str = "apixo"
    delivery: str = "polling"
    recovery: tuple[str, ...] = ()  # what people do after the crash
    rows: int = 1  # of each prompt, when nothing dies
    web: bool = False  # whether the site itself is up, for callbacks that come in the middle of a POST
    shut_at_first: bool = False  # whether the provider cannot be reached until the recovery

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Case:
    """A scenario whose process is killed at a point: see effects.Effects; at 0 it is not killed."""

    scenario: Scenario
    kill_at: str

    def __str__(self) -> str:
        return f"{self.scenario}/{self.kill_at}"


def ends(*statuses: str) -> tuple[Ends, ...]:
    return (frozenset(statuses),)


STORED, FAILED, UNSURE = ends("stored"), ends("failed"), ends("unconfirmed")

# What came of the POST -> where the order ends. A refused account is set right by a person.
OUTCOMES = {
    **dict.fromkeys(("accepted", "busy", "bad key", "no money"), STORED),
    **dict.fromkeys(("lost answer", "lost order", "gateway", "server error", "no id", "odd id", "cut answer"), UNSURE),
    **dict.fromkeys(("hang", "not json", "redirect"), UNSURE),
    "reject": FAILED,
}
STATES = {
    **dict.fromkeys(("slow", "odd state", "late visible", "no urls", "trouble", "silent once"), STORED),
    "other task once": STORED,
    "forgotten": ends("lost"),
    "fail": FAILED,
}
FILES = ("truncated once", "short once", "html once", "endless once", "reset once", "fresh url", "two videos")
BOTH = ("late visible", "fail", "two videos", "truncated once", "fresh url")  # tried at Apikley as well


def _words(provider: str, words: dict[str, tuple[Ends, ...]]) -> list[Scenario]:
    """One order whose prompt has one word."""
    return [
        Scenario(name=f"{provider}-{word.replace(' ', '-')}", prompts=(f"[{word}] gulls",), ends=where,
                 provider=provider, recovery=("resume_orders",) if word in ("bad key", "no money") else ())
        for word, where in words.items()
    ]  # fmt: skip


def _answers(provider: str) -> list[Scenario]:
    found = {**STATES, **dict.fromkeys(FILES, STORED)}
    return _words(provider, {word: found[word] for word in found if provider == "apixo" or word in BOTH})


def _callbacks() -> list[Scenario]:
    """By the real view; `tick` advances what is due without waiting for anything."""

    def of(name: str, words: str, where: tuple[Ends, ...], **other: object) -> Scenario:
        fields: dict[str, object] = {"steps": ("order", "tick", "callback", "tick", "work"), **other}
        return Scenario(name=name, prompts=(f"{words} gulls",), ends=where, delivery="callback", **fields)  # type: ignore[arg-type]

    return [
        of("callback", "", STORED),
        of("callback-apikley", "", STORED, provider="apikley"),
        of("callback-twice", "", STORED, steps=("order", "tick", "callback", "callback", "tick", "work")),
        of("callback-of-a-failure", "[fail]", FAILED),
        of("callback-finds-a-lost-answer", "[lost answer]", STORED, if_killed=frozenset({"unconfirmed"})),
        of("callback-lies-about-success", "[lying] [slow]", STORED),
        of("callback-lies-about-failure", "[lying fail]", STORED),
        of("callback-forged", "", STORED, steps=("order", "tick", "forged_callback", "tick", "work")),
        of("callback-before-the-answer", "[early]", STORED, steps=("order", "work"), web=True),
        of("callback-before-a-lost-answer", "[early] [lost answer]", STORED, steps=("order", "work"), web=True,
           if_killed=frozenset({"unconfirmed"})),
        *(of(f"callback-before-a-refusal-{api}", "[early] [busy but taken]", STORED, provider=api,
             steps=("order", "work"), web=True, if_killed=frozenset({"unconfirmed"})) for api in ("apixo", "apikley")),
    ]  # fmt: skip


def _people() -> list[Scenario]:
    killed_unsure, killed_stored = frozenset({"unconfirmed"}), frozenset({"stored"})
    return [
        Scenario(name="cancel", prompts=("gulls",), steps=("order", "cancel", "work"), ends=ends("canceled"),
                 if_killed=killed_stored),
        Scenario(name="cancel-too-late", prompts=("gulls",), steps=("order", "remember", "tick", "cancel", "work"),
                 ends=STORED),
        Scenario(name="confirm", prompts=("[lost answer] gulls",), steps=("order", "work", "confirm", "work"),
                 ends=STORED, if_killed=killed_unsure),
        Scenario(name="abandon", prompts=("[lost order] gulls",), steps=("order", "work", "abandon"), ends=FAILED,
                 if_killed=killed_unsure),
        Scenario(name="abandon-and-again", prompts=("[lost once] gulls",),
                 steps=("order", "work", "abandon", "again", "work"), ends=ends("failed", "stored"), rows=2,
                 if_killed=killed_unsure),
        Scenario(name="cancel-and-again", prompts=("gulls",), steps=("order", "cancel", "again", "work"),
                 ends=ends("canceled", "stored"), rows=2, if_killed=killed_stored),
        Scenario(name="another-take", prompts=("gulls",), steps=("order", "take", "work"), ends=STORED, rows=2),
        Scenario(name="poll-now", prompts=("[slow] gulls",), steps=("order", "tick", "poll_now", "work"), ends=STORED),
        Scenario(name="poll-again-for-a-lost-one", prompts=("[forgotten] gulls",),
                 steps=("order", "work", "poll_now", "work"), ends=ends("lost")),
        Scenario(name="url-life-ends", prompts=("[html] gulls",),
                 steps=("order", "until_ready", "tick", "tick", "sixteen_days", "work"),
                 ends=ends("lost"), recovery=("sixteen_days", "tick")),
        Scenario(name="cleanup", prompts=("[two videos] gulls",), steps=("order", "work", "sixteen_days", "cleanup"),
                 ends=STORED),
    ]  # fmt: skip


def _machines() -> list[Scenario]:
    """Processes that slept, or work beside each other; jobs that come twice; a provider that is away."""
    return [
        Scenario(name="answer-after-the-lease", prompts=("gulls",), ends=STORED, if_killed=frozenset({"unconfirmed"}),
                 steps=("order", "send_and_sleep", "two_minutes", "tick", "apply_last", "work")),
        Scenario(name="answer-of-an-earlier-sending", prompts=("[busy] gulls",), ends=STORED,
                 steps=("order", "send_and_sleep", "apply_first", "send_and_sleep", "apply_first", "apply_last",
                        "work")),
        Scenario(name="success-after-the-end", prompts=("[fail] gulls",), ends=FAILED,
                 steps=("order", "work", "late_success", "work")),
        Scenario(name="write-after-the-end", prompts=("[fail] gulls",), ends=FAILED,
                 steps=("order", "tick", "remember", "work", "late_write", "work")),
        Scenario(name="two-savers", prompts=("[slow file] gulls",), ends=STORED,
                 steps=("order", "until_ready", "two_savers", "work")),
        Scenario(name="doubled-jobs", prompts=("gulls", "[busy] terns"), ends=STORED * 2,
                 steps=("order", "double", "work")),
        Scenario(name="several", prompts=("gulls", "[lost answer] terns", "[reject] auks"),
                 ends=(*STORED, *UNSURE, *FAILED)),
        Scenario(name="id-of-another", prompts=("gulls", "[taken id] terns"), ends=(*STORED, *UNSURE),
                 steps=("order_next", "work", "order", "work")),
        Scenario(name="first-order-ever", prompts=("gulls",), ends=STORED, steps=("forget_balances", "order", "work")),
        Scenario(name="provider-away", prompts=("gulls",), ends=STORED, shut_at_first=True,
                 steps=("order", "tick", "two_minutes", "tick")),
    ]  # fmt: skip


ALL = [
    *_words("apixo", OUTCOMES), *_words("apikley", OUTCOMES), *_answers("apixo"), *_answers("apikley"),
    *_callbacks(), *_people(), *_machines(),
]  # fmt: skip
SCENARIOS: dict[str, Scenario] = {one.name: one for one in ALL}


def find(name: str) -> Case:
    """The case of an id such as `apixo-busy/17` or `apixo-busy/half send:prompt`; KeyError when there is none."""
    scenario, __, point = name.partition("/")
    return Case(SCENARIOS[scenario], point)
