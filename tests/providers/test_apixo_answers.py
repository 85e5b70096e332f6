"""APIXO's documented answers, word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generations.providers.apixo import ENVELOPE
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import AccountProblem, FailureKind
from generations.providers.http import Answer, read_answer

from .apixo_pages import CLIP, SAMPLES


def recorded(name: str, status: int = 200) -> Answer:
    return read_answer(status, (SAMPLES / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.accepted.json")))
def test_a_documented_yes_is_accepted(name: str) -> None:
    assert ENVELOPE.read_id(recorded(name)) == "task_12345678"


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.refused.json")))
@pytest.mark.parametrize("status", [200, 400])
def test_insufficient_credits_are_an_account_problem_though_the_code_is_400(name: str, status: int) -> None:
    with pytest.raises(AccountProblem) as caught:
        ENVELOPE.read_id(recorded(name, status))
    assert (caught.value.message, caught.value.code) == ("Insufficient credits", "400")


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.processing.json")))
def test_a_documented_processing_is_working(name: str) -> None:
    report = ENVELOPE.read_status(recorded(name), remote_id="task_12345678")
    expected = RemoteTask(state=RemoteState.WORKING, raw_state="processing")
    assert replace(report, created_at=None) == expected


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.success.json")))
def test_a_documented_success_brings_its_url(name: str) -> None:
    report = ENVELOPE.read_status(recorded(name), remote_id="task_12345678")
    assert report.state is RemoteState.DONE
    assert report.result_urls in ((CLIP,), ("https://r2.apixo.ai/video.mp4",))


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.failed.json")))
def test_a_documented_failure_says_why(name: str) -> None:
    report = ENVELOPE.read_status(recorded(name), remote_id="task_12345678")
    assert (report.state, report.error_kind) == (RemoteState.FAILED, FailureKind.CONTENT)
    assert report.error_code in ("SensitiveContent", "CONTENT_VIOLATION") and report.error_message.startswith("Content")


def test_a_bad_key_is_an_account_problem() -> None:
    with pytest.raises(AccountProblem, match="Invalid or missing API key"):
        ENVELOPE.read_id(recorded("bad-key", 401))
