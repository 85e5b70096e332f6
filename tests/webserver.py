"""The site on the web server of `manage.py web`, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from waitress import wasyncore
from waitress.task import ThreadedTaskDispatcher

from kling_site.server import make_server


@contextmanager
def web_server(*, threads: int) -> Iterator[int]:
    """Serve the site on the port that is given; no thread leaves a connection to the test's database."""

    def and_close(run: Callable[..., None]) -> Callable[..., None]:
        def run_and_close(*args: Any) -> None:
            run(*args)
            connections.close_all()

        return run_and_close

    with patch.object(ThreadedTaskDispatcher, "handler_thread", and_close(ThreadedTaskDispatcher.handler_thread)):
        running = make_server(WSGIHandler(), host="127.0.0.1", port=0, threads=threads)
    thread = threading.Thread(target=and_close(running.run))
    thread.start()
    yield int(running.effective_port)
    running.task_dispatcher.shutdown(timeout=10)
    running.trigger.pull_trigger(lambda: wasyncore.close_all(running._map))
    thread.join(20)
    assert not thread.is_alive()
