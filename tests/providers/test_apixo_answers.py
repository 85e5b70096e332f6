"""APIXO's documented answers, word for word, and the results that they bring."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generations.providers.apixo import read_id, read_report, read_status, result_urls
from generations.providers.base import RemoteState, Report
from generations.providers.errors import AccountProblem, Kind
from generations.providers.http import Answer, read_answer

from .apixo_pages import CLIP, SAMPLES

# -- recorded answers --


def recorded(name: str, status: int = 200) -> Answer:
    return read_answer(status, (SAMPLES / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.accepted.json")))
def test_a_documented_yes_is_accepted(name: str) -> None:
    assert read_id(recorded(name)) == "task_12345678"


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.refused.json")))
@pytest.mark.parametrize("status", [200, 400])
def test_insufficient_credits_are_an_account_problem_though_the_code_is_400(name: str, status: int) -> None:
    with pytest.raises(AccountProblem) as caught:
        read_id(recorded(name, status))
    assert (caught.value.message, caught.value.code) == ("Insufficient credits", "400")


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.processing.json")))
def test_a_documented_processing_is_working(name: str) -> None:
    report = read_status(recorded(name), remote_id="task_12345678")
    assert report == Report(state=RemoteState.WORKING, raw_state="processing")


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.success.json")))
def test_a_documented_success_brings_its_url(name: str) -> None:
    report = read_status(recorded(name), remote_id="task_12345678")
    assert report.state is RemoteState.DONE
    assert report.result_urls in ((CLIP,), ("https://r2.apixo.ai/video.mp4",))


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.failed.json")))
def test_a_documented_failure_says_why(name: str) -> None:
    report = read_status(recorded(name), remote_id="task_12345678")
    assert (report.state, report.error_kind) == (RemoteState.FAILED, Kind.CONTENT)
    assert report.error_code in ("SensitiveContent", "CONTENT_VIOLATION") and report.error_message.startswith("Content")


def test_a_bad_key_is_an_account_problem() -> None:
    with pytest.raises(AccountProblem, match="Invalid or missing API key"):
        read_id(recorded("bad-key", 401))


# -- results --


@pytest.mark.parametrize(
    "result",
    [
        json.dumps({"resultUrls": [CLIP]}),
        {"resultUrls": [CLIP]},
        {"resultUrls": CLIP},
        {"resultUrls": [CLIP, CLIP]},
        {"resultUrls": [None, 7, "", "ftp://a/b", "file:///etc/passwd", "javascript:alert(1)", "//a/b", CLIP]},
        {
            "resultUrls": [
                CLIP,
                "http://a/\x00",
                "http://a/ b",
                "http://a/\n",
                "http://a/\ud800",
                "http://" + "a" * 2000,
            ]
        },
        {"resultUrls": [CLIP], "firstFrameUrl": "https://file.apixo.ai/first.png"},
    ],
    ids=lambda result: str(result)[:50].encode("ascii", "replace").decode(),
)
def test_the_urls_of_a_result_are_found(result: Any) -> None:
    assert result_urls(result) == (CLIP,)


@pytest.mark.parametrize(
    "result",
    [
        None,
        "",
        "null",
        "{",
        "[]",
        7,
        True,
        [],
        [CLIP],
        {},
        {"resultUrls": None},
        {"resultUrls": []},
        {"resultUrls": [None]},
        {"resultUrls": {"0": CLIP}},
        {"urls": [CLIP]},
        CLIP,
        json.dumps(CLIP),
        json.dumps(json.dumps({"resultUrls": [CLIP]})),
        '{"a":' * 100_000,
        '{"resultUrls": [1' + "0" * 5000 + "]}",
    ],
    ids=lambda result: repr(result)[:24],
)
def test_a_success_without_urls_is_not_finished(result: Any) -> None:
    assert result_urls(result) == ()
    report = read_report({"state": "success", "resultJson": result})
    assert report == Report(state=RemoteState.WORKING, raw_state="success")


def test_a_success_without_a_result_is_not_finished() -> None:
    assert read_report({"state": "success"}).state is RemoteState.WORKING


def test_urls_keep_their_order() -> None:
    urls = [f"https://file.apixo.ai/{number}.mp4" for number in (3, 1, 2)]
    assert result_urls({"resultUrls": urls}) == tuple(urls)
