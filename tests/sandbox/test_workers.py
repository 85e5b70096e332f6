"""The few threads."""

import threading

from generations.sandbox.workers import Workers


def test_jobs_are_done_by_daemon_threads(wait):
    workers, seen = Workers("test", 2), []
    workers.start()
    workers.add(lambda: seen.append(threading.current_thread().daemon))
    wait(lambda: seen == [True])
    workers.stop()


def test_one_bad_job_does_not_end_the_rest(wait, caplog):
    workers, seen = Workers("test", 1), []
    workers.start()
    workers.add(lambda: seen.append(1 // 0))
    workers.add(lambda: seen.append(1))
    wait(lambda: seen == [1])
    assert "a job failed" in caplog.text
    workers.stop()


def test_stopped_workers_drop_what_waits():
    workers, gate, seen = Workers("test", 1), threading.Event(), []

    def hold() -> None:
        gate.wait()

    workers.start()
    workers.add(hold)
    workers.add(lambda: seen.append(1))
    workers.stop()
    gate.set()
    workers.join(5)
    assert seen == []
    assert not any(thread.is_alive() for thread in workers._threads)
