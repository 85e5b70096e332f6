"""What is tried: scenarios, each a way of an order through the studio, and the points at which it is killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # the studio's clock at the beginning of a case
# What is ordered at each provider, besides what tests/factories.py orders.
ORDERS: dict[str, dict[str, Any]] = {
    "apixo": {},
    "apikley": {"provider": "apikley", "model": "kling-2-6", "sound": False, "aspect_ratio": "16:9"},
}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Steps of harness.Studio; words in the prompts say what goes wrong (faulty_provider/faults.py)."""

    name: str
    prompts: tuple[str, ...]
    steps: tuple[str, ...]
    ends: tuple[frozenset[str], ...]  # where each prompt may end when nothing dies, or not in the middle of its POST
    if_killed: frozenset[str] = frozenset()  # where they may end besides when the process died before its last step
    provider: str = "apixo"
    delivery: str = "polling"
    recovery: tuple[str, ...] = ()  # what people do after the crash
    rows: int = 1  # of each prompt, when nothing dies
    web: bool = False  # whether the site itself is up, for callbacks that come in the middle of a POST
    shut_at_first: bool = False  # whether the provider cannot be reached until the recovery


@dataclass(frozen=True)
class Case:
    """A scenario whose process is killed at a point: see effects.Effects; at 0 it is not killed."""

    scenario: Scenario
    kill_at: str

    def __str__(self) -> str:
        return f"{self.scenario.name}/{self.kill_at}"


def tried(name: str, prompts: str, steps: str, where: str, *, if_killed: str = "", **other: Any) -> Scenario:
    """A scenario in short: prompts are parted by `, `, steps by spaces; each prompt ends at one of `where`, parted by
    spaces, or at the several that a + joins."""
    ends = tuple(frozenset(statuses.split("+")) for statuses in where.split())
    return Scenario(name=name, prompts=tuple(prompts.split(", ")), steps=tuple(steps.split()), ends=ends,
                    if_killed=frozenset(if_killed.split()), **other)  # fmt: skip


# What came of the POST -> where the order ends. A refused account is set right by a person.
OUTCOMES = {
    **dict.fromkeys(("accepted", "busy", "bad key", "no money"), "stored"),
    **dict.fromkeys(("lost answer", "lost order", "gateway", "server error", "no id", "odd id"), "unconfirmed"),
    **dict.fromkeys(("cut answer", "hang", "not json", "redirect"), "unconfirmed"),
    **dict.fromkeys(("reject", "no access"), "failed"),
}
STATES = ("slow", "odd state", "late visible", "no urls", "trouble", "silent once", "other task once")
FILES = ("truncated once", "short once", "html once", "endless once", "reset once", "fresh url", "two videos",
         "hole once", "damaged once", "damaged", "broken")  # fmt: skip
ANSWERS = dict.fromkeys((*STATES, *FILES), "stored") | {"forgotten": "lost", "fail": "failed"}
AT_BOTH = ("late visible", "fail", "two videos", "truncated once", "fresh url")  # tried at Apikley as well


def _words(provider: str, words: dict[str, str]) -> list[Scenario]:
    """One order whose prompt has one word."""
    return [
        tried(f"{provider}-{word.replace(' ', '-')}", f"[{word}] gulls", "order work", where, provider=provider,
              recovery=("resume_orders",) if word in ("bad key", "no money") else ())
        for word, where in words.items()
    ]  # fmt: skip


# By the real view; `tick` advances what is due without waiting for anything.
CALLED = "order tick callback tick work"
CALLBACKS = [
    tried("callback", "gulls", CALLED, "stored"),
    tried("callback-apikley", "gulls", CALLED, "stored", provider="apikley"),
    tried("callback-twice", "gulls", "order tick callback callback tick work", "stored"),
    tried("callback-of-a-failure", "[fail] gulls", CALLED, "failed"),
    tried("callback-finds-a-lost-answer", "[lost answer] gulls", CALLED, "stored", if_killed="unconfirmed"),
    tried("callback-lies-about-success", "[lying] [slow] gulls", CALLED, "stored"),
    tried("callback-lies-about-failure", "[lying fail] gulls", CALLED, "stored"),
    tried("callback-forged", "gulls", "order tick forged_callback tick work", "stored"),
    tried("callback-before-the-answer", "[early] gulls", "order work", "stored", web=True),
    tried("callback-before-a-lost-answer", "[early] [lost answer] gulls", "order work", "stored",
          if_killed="unconfirmed", web=True),
    *(tried(f"callback-before-a-refusal-{api}", "[early] [busy but taken] gulls", "order work", "stored",
            if_killed="unconfirmed", web=True, provider=api) for api in ("apixo", "apikley")),
]  # fmt: skip
PEOPLE = [
    tried("cancel", "gulls", "order cancel work", "canceled", if_killed="stored"),
    tried("cancel-too-late", "gulls", "order remember tick cancel work", "stored"),
    tried("confirm", "[lost answer] gulls", "order work confirm work", "stored", if_killed="unconfirmed"),
    tried("confirm-nonsense-first", "[lost answer] gulls", "order work confirm_nonsense work confirm work", "stored",
          if_killed="unconfirmed"),
    tried("abandon", "[lost order] gulls", "order work abandon", "failed", if_killed="unconfirmed"),
    tried("abandon-and-again", "[lost once] gulls", "order work abandon again work", "failed+stored",
          if_killed="unconfirmed", rows=2),
    tried("cancel-and-again", "gulls", "order cancel again work", "canceled+stored", if_killed="stored", rows=2),
    tried("another-take", "gulls", "order take work", "stored", rows=2),
    tried("poll-now", "[slow] gulls", "order tick poll_now work", "stored"),
    tried("poll-again-for-a-lost-one", "[forgotten] gulls", "order work poll_now work", "lost"),
    tried("url-life-ends", "[html] gulls", "order until_ready tick tick sixteen_days work", "lost",
          recovery=("sixteen_days", "tick")),
    tried("cleanup", "[two videos] gulls", "order work sixteen_days cleanup", "stored"),
]  # fmt: skip
# Processes that slept, or work beside each other; jobs that come twice; a provider that is away.
MACHINES = [
    tried("answer-after-the-lease", "gulls", "order send_and_sleep two_minutes tick apply_last work", "stored",
          if_killed="unconfirmed"),
    tried("answer-of-an-earlier-sending", "[busy] gulls",
          "order send_and_sleep apply_first send_and_sleep apply_first apply_last work", "stored"),
    tried("success-after-the-end", "[fail] gulls", "order work late_success work", "failed"),
    tried("write-after-the-end", "[fail] gulls", "order tick remember work late_write work", "failed"),
    tried("claim-after-the-answer", "gulls", "order remember tick late_claim work", "stored", if_killed="unconfirmed"),
    tried("two-savers", "[slow file] gulls", "order until_ready two_savers work", "stored"),
    tried("doubled-jobs", "gulls, [busy] terns", "order double work", "stored stored"),
    tried("several", "gulls, [lost answer] terns, [reject] auks", "order work", "stored unconfirmed failed"),
    tried("id-of-another", "gulls, [taken id] terns", "order_next work order work", "stored unconfirmed"),
    tried("first-order-ever", "gulls", "forget_balances order work", "stored"),
    tried("provider-away", "gulls", "order tick two_minutes tick", "stored", shut_at_first=True),
]  # fmt: skip
ALL = [
    *_words("apixo", OUTCOMES), *_words("apikley", OUTCOMES),
    *_words("apixo", ANSWERS), *_words("apikley", {word: ANSWERS[word] for word in AT_BOTH}),
    *(replace(one, delivery="callback") for one in CALLBACKS), *PEOPLE, *MACHINES,
]  # fmt: skip
SCENARIOS: dict[str, Scenario] = {one.name: one for one in ALL}


def find(name: str) -> Case:
    """The case of an id such as `apixo-busy/17` or `apixo-busy/half send:prompt`; KeyError when there is none."""
    scenario, __, point = name.partition("/")
    return Case(SCENARIOS[scenario], point)
