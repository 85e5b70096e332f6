"""A restart of the practice provider."""

import json

import requests

from generations.sandbox import Sandbox


def test_tasks_and_balance_survive_a_restart(start, clients, clock):
    first = start()
    apixo, _ = clients(first)
    done, running = apixo.accepted("one"), None
    apixo.finished(done)
    running = apixo.accepted("two [slow]")
    first.stop()

    apixo, _ = clients(start())
    assert apixo.state(done) == "success"
    assert apixo.state(running) == "pending"
    assert apixo.balance() == 999.725
    assert apixo.finished(running)["state"] == "success"


def test_result_addresses_work_after_a_restart(start, clients):
    first = start()
    apixo, _ = clients(first)
    (url,) = apixo.urls(apixo.accepted())
    first.stop()
    again = start()
    assert requests.get(url.replace(first.url, again.url), timeout=5).status_code == 200


def test_what_finished_during_the_rest_is_called_back_and_dated_by_its_clock(start, clients, clock, httpserver, wait):
    httpserver.expect_request("/hook").respond_with_data("ok")
    first = start()
    apixo, _ = clients(first)
    task_id = apixo.accepted("[fail]", request_type="callback", callback_url=httpserver.url_for("/hook"))
    first.stop()
    clock.advance(5000)
    apixo, _ = clients(start())
    wait(lambda: httpserver.log)
    data = json.loads(httpserver.log[0][0].data)["data"]
    assert data["taskId"] == task_id and data["costTime"] < 100_000


def test_a_callback_that_was_delivered_is_not_delivered_again(start, clients, clock, httpserver, wait):
    httpserver.expect_request("/hook").respond_with_data("ok")
    first = start()
    apixo, _ = clients(first)
    apixo.order("[fail]", request_type="callback", callback_url=httpserver.url_for("/hook"))
    clock.advance(100)
    wait(lambda: httpserver.log)
    first.stop()
    apixo, _ = clients(start())
    apixo.order("[fail OTHER]", request_type="callback", callback_url=httpserver.url_for("/hook"))
    clock.advance(100)
    wait(lambda: len(httpserver.log) == 2)
    codes = [json.loads(request.data)["data"]["failCode"] for request, _ in httpserver.log]
    assert codes == ["SensitiveContent", "OTHER"]


def test_expired_results_are_pruned_and_stay_paid(start, clients, clock, tmp_path):
    first = start()
    apixo, _ = clients(first)
    old = apixo.accepted("old")
    apixo.finished(old)
    first.stop()
    (tmp_path / "files" / "half.mp4.part").write_bytes(b"x")
    clock.advance(16 * 86400)
    apixo, _ = clients(Sandbox(directory=tmp_path, now=clock).start())
    assert list((tmp_path / "files").iterdir()) == []
    assert apixo.status(old).status_code == 404
    assert apixo.balance() == 999.725
    apixo.sandbox.stop()


def test_a_lost_file_is_rendered_again(start, clients, clock, tmp_path, wait):
    first = start()
    apixo, _ = clients(first)
    (url,) = apixo.urls(apixo.accepted())
    first.stop()
    for path in (tmp_path / "files").iterdir():
        path.unlink()
    with Sandbox(directory=tmp_path, now=clock) as again:
        wait(lambda: requests.get(url.replace(first.url, again.url), timeout=5).status_code == 200)
