"""The witness and the judge of the soak can tell right from wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.clips import clip
from tests.crash import judge
from tests.crash import liar as lying
from tests.crash.liar import MOST_FILE_LIES, Liar


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Iterator[Liar]:
    monkeypatch.setattr(lying, "HANG_SECONDS", 0.1)
    with Liar(seed=1, most_seconds=0.2) as running:
        yield running


def order(liar: Liar, prompt: str) -> None:
    with contextlib.suppress(requests.RequestException):  # that is what it is there for
        requests.post(f"{liar.url}/api/v1/generateTask/kling", json={"input": {"prompt": prompt}}, timeout=10)


def word(liar: Liar, prompt: str) -> str:
    return str(next(entry["word"] for entry in liar.journal if entry.get("prompt") == prompt))


def test_an_order_that_comes_twice_is_told_unless_the_first_was_refused(liar: Liar) -> None:
    prompts = [f"gull {number}" for number in range(60)]
    for prompt in prompts:
        order(liar, prompt)
    assert liar.paid_again() == []
    for prompt in prompts:
        order(liar, prompt)
    told = {line.split("'")[1] for line in liar.paid_again()}
    assert told == {prompt for prompt in prompts if word(liar, prompt) not in ("busy", "refused")}


def test_the_same_seed_gives_the_same_orders_the_same_fate(liar: Liar) -> None:
    with Liar(seed=1, most_seconds=0.2) as again:
        for number in range(20):
            order(liar, f"gull {number}")
            order(again, f"gull {number}")
        assert [entry["word"] for entry in liar.journal] == [entry["word"] for entry in again.journal]


def test_in_the_end_it_hands_out_a_whole_clip_of_each_task(liar: Liar, tmp_path: Path) -> None:
    for number in range(12):
        order(liar, f"gull {number}")
    for task in liar.tasks.values():
        while task.lies["file"] < MOST_FILE_LIES:
            with contextlib.suppress(requests.RequestException):
                requests.get(f"{liar.url}/files/9/{task.id}.mp4", timeout=10)
        data = requests.get(f"{liar.url}/files/9/{task.id}.mp4", timeout=10).content
        assert data == task.file
    assert len({task.file for task in liar.tasks.values()}) == len(liar.tasks)


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[: len(data) // 2], lambda data: b"<html>"])
def test_the_judge_sees_a_file_that_is_no_whole_clip(spoil: object, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    good = clip(sound=False)
    path.write_bytes(good)
    assert judge._not_an_mp4(path, good) == ""
    bad = spoil(good)  # type: ignore[operator]
    path.write_bytes(bad)
    assert judge._not_an_mp4(path, bad) != ""
