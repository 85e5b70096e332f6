"""The practice provider as a whole."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from generations.sandbox import FAULTS, Sandbox

ROOT = Path(__file__).parents[2]


def test_the_start_page_lists_every_fault(sandbox):
    page = requests.get(sandbox.url, timeout=5)
    assert page.headers["Content-Type"].startswith("text/plain")
    assert all(f"[{word}]" in page.text for word in FAULTS)


def test_both_addresses_stand_on_one_port(sandbox):
    assert sandbox.apixo_url == sandbox.apikley_url == sandbox.url + "/api/v1"


def test_it_stops_quickly_and_leaves_no_thread_that_holds_the_process(start, clients):
    sandbox = start()
    apixo, _ = clients(sandbox)
    for number in range(5):
        apixo.order(f"clip {number}")
    began = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - began < 1
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("sandbox"))
    with pytest.raises(requests.ConnectionError):
        apixo.session.get(sandbox.url, timeout=1)  # on the connection that was kept, too


def test_it_can_be_stopped_twice_and_without_having_been_started(tmp_path):
    sandbox = Sandbox(directory=tmp_path)
    sandbox.stop()
    sandbox.stop()


def test_a_taken_port_is_said_at_once(sandbox, tmp_path):
    with pytest.raises(OSError):
        Sandbox(directory=tmp_path / "other", port=sandbox._server.server_port)


def test_a_signal_handler_may_stop_it(tmp_path):
    program = (
        "import signal, sys; from pathlib import Path; from generations.sandbox import Sandbox\n"
        "sandbox = Sandbox(directory=Path(sys.argv[1]))\n"
        "signal.signal(signal.SIGTERM, lambda *_: sandbox.stop())\n"
        "sys.stdout.write('up\\n'); sys.stdout.flush(); sandbox.serve_forever()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "up\n"
    time.sleep(0.1)
    process.terminate()
    assert process.wait(5) == 0


def test_the_wait_scale_multiplies_the_time(start, clients, clock, wait):
    apixo, _ = clients(start(wait_scale=0.1))
    task_id = apixo.accepted()
    clock.advance(7.1)
    wait(lambda: apixo.state(task_id) == "success")


def test_the_life_of_results_can_be_shortened(start, clients, clock):
    apixo, _ = clients(start(result_life_seconds=5))
    (url,) = apixo.urls(apixo.accepted())
    clock.advance(10)
    assert requests.get(url, timeout=5).status_code == 403


def test_it_knows_nothing_of_django():
    program = "import sys, generations.sandbox; sys.exit(any(m.split('.')[0] == 'django' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
