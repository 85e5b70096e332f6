"""What each fault does to an order and to its status."""

import json

import pytest
import requests

from generations.sandbox import FAULTS


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("reject", 400),
        ("server error", 500),
        ("no credit", 400),
        ("bad key", 401),
        ("no access", 403),
        ("content refused", 403),
        ("unavailable", 503),
        ("upstream timeout", 504),
        ("not generated", 500),
    ],  # fmt: skip
)
def test_refusing_faults_refuse_for_good(apixo, word, status):
    for _ in range(2):
        answer = apixo.order(f"[{word}]")
        assert answer.status_code == answer.json()["code"] == status
    assert apixo.sandbox.truth()["accepted"] == 0


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("reject", 422),
        ("server error", 500),
        ("no credit", 402),
        ("bad key", 401),
        ("busy", 429),
        ("no access", 403),
        ("content refused", 403),
        ("unavailable", 503),
        ("upstream timeout", 504),
        ("not generated", 501),
        ("maintenance", 455),
        ("disabled", 505),
    ],  # fmt: skip
)
def test_apikley_refuses_in_the_envelope(apikley, word, code):
    answer = apikley.order(f"[{word}]")
    assert (answer.status_code, answer.json()["code"]) == (200, code)


@pytest.mark.parametrize("word", ["maintenance", "disabled"])
def test_what_passes_is_refused_once(apixo, word):
    answers = [apixo.order(f"[{word}]") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 200]


def test_busy_is_over_after_so_many_times(apixo):
    answers = [apixo.order("[busy 2] a lighthouse") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert "Retry-After" in answers[0].headers
    assert apixo.order("[busy] another").status_code == 429


def test_gateway_error_accepts_and_answers_html(apixo):
    answer = apixo.order("[gateway error]")
    assert answer.status_code == 502 and answer.headers["Content-Type"] == "text/html"
    assert apixo.sandbox.truth()["accepted"] == 1


def test_lost_answer_accepts_and_closes(apixo):
    with pytest.raises(requests.ConnectionError):
        apixo.order("[lost answer]")
    truth = apixo.sandbox.truth()
    assert truth["accepted"] == 1
    assert truth["requests"][-1]["accepted"] and truth["requests"][-1]["status"] == 0


def test_hang_accepts_and_says_nothing(apixo):
    with pytest.raises(requests.ReadTimeout):
        apixo.session.post(
            apixo.sandbox.apixo_url + "/generateTask/kling-2-6",
            json={"input": {"mode": "text-to-video", "prompt": "[hang]", "duration": 5, "sound": False}},
            timeout=0.1,
        )
    assert apixo.sandbox.truth()["accepted"] == 1


def test_no_id_accepts_without_data(apixo):
    assert apixo.order("[no id]").json() == {"code": 200, "message": "success", "data": None}
    assert apixo.sandbox.truth()["accepted"] == 1


def test_stuck_never_ends(apixo):
    task_id = apixo.accepted("[stuck]")
    apixo.clock.advance(10**7)
    assert apixo.state(task_id) == "processing"


def test_slow_and_fast_change_the_time(apixo, wait):
    slow, fast = apixo.accepted("[slow]"), apixo.accepted("[fast]")
    apixo.clock.advance(10)
    wait(lambda: apixo.state(fast) == "success")
    apixo.clock.advance(200)
    assert apixo.state(slow) == "processing"


def test_unknown_state_shows_before_the_success(apixo):
    task_id = apixo.accepted("[unknown state]")
    apixo.clock.advance(49)
    assert apixo.state(task_id) == "processing_r2"
    assert apixo.finished(task_id)["state"] == "success"


def test_late_visible_is_missing_three_times(apixo, apikley):
    task_id = apixo.accepted("[late visible]")
    assert [apixo.status(task_id).status_code for _ in range(4)] == [404, 404, 404, 200]
    task_id = apikley.accepted("[late visible]")
    assert [apikley.status(task_id).json()["code"] for _ in range(4)] == [422, 422, 422, 200]


def test_forgotten_is_missing_for_ever(apixo):
    task_id = apixo.accepted("[forgotten]")
    assert {apixo.status(task_id).status_code for _ in range(9)} == {404}


def test_no_urls_is_empty_twice(apixo):
    first = apixo.finished(task_id := apixo.accepted("[no urls]"))
    answers = [first] + [apixo.status(task_id).json()["data"] for _ in range(2)]
    assert [len(json.loads(data["resultJson"])["resultUrls"]) for data in answers] == [0, 0, 1]


def test_two_videos_are_two_different_files(apixo):
    one, two = apixo.urls(apixo.accepted("[two videos]"))
    assert requests.get(one, timeout=5).content != requests.get(two, timeout=5).content


def test_object_result_is_no_string(apixo):
    data = apixo.finished(apixo.accepted("[object result]"))
    assert len(data["resultJson"]["resultUrls"]) == 1


def test_the_same_prompt_again_gives_another_clip_until_the_takes_run_out(start, clients):
    apixo, _ = clients(start(distinct_takes=2))
    urls = [apixo.urls(apixo.accepted())[0] for _ in range(3)]
    one, two, three = (requests.get(url, timeout=5).content for url in urls)
    assert one != two and one == three


def test_every_fault_has_a_test():
    tested = {"callbacks", "provider_api", "files", "clips"}  # the four files in which their words stand
    from pathlib import Path

    text = "".join((Path(__file__).parent / f"test_{name}.py").read_text() for name in tested)
    assert [word for word in FAULTS if f"[{word}" not in text and f'"{word}"' not in text] == []
