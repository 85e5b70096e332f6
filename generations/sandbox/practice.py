"""The practice provider: `Sandbox` connects the two provider APIs, the files and the server."""

import logging
import threading
import time
from decimal import Decimal
from pathlib import Path

from .apikley import Apikley
from .apixo import Apixo
from .callbacks import Callbacks
from .faults import FAULTS
from .files import Files, Part
from .images import Images
from .journal import Journal
from .limits import RateLimit
from .orders import Clock, Orders, Terms
from .provider_api import ProviderApi, SharedParts
from .renderer import Renderer
from .request_log import RequestLog
from .restore import restore_journal
from .server import Server
from .wire import Answer, Json, Request, as_json, as_text

logger = logging.getLogger("generations.sandbox")

API = "/api/v1"
TICK_SECONDS = 0.1  # between two checks for finished tasks and due callbacks
POLL_SECONDS = 0.02  # between two checks for a stop: tests start and stop hundreds
STOP_SECONDS = 0.6  # how long stop() waits for the rendering threads
LIFE_SECONDS = (15 * 86400.0, 86400.0)  # "Result URLs are valid for 15 days"; "typically expire after 24 hours"

START_PAGE = """\
This is the practice provider: it speaks the APIs of APIXO and Apikley, costs nothing, and
renders its own clips.

  base URL    {url}/api/v1   (both providers; any key will do)
  the truth   {url}/_truth   (every request and every task, as JSON)

Words in square brackets in a prompt request a fault:

{faults}
"""


class Sandbox:
    """An HTTP server that stands in for both providers: a context manager, or start() and stop()."""

    def __init__(
        self,
        *,
        directory: Path,
        port: int = 0,
        wait_scale: float = 0.1,
        now: Clock = time.time,
        result_life_seconds: float | None = None,
        apixo_balance: Decimal = Decimal("1000.0000"),
        apixo_requests_per_minute: int = 10_000,
        apixo_in_flight: int = 1000,
        apikley_orders_per_10_seconds: int = 20,
        apikley_in_flight: int = 100,
        distinct_takes: int = 8,
    ) -> None:
        """Bind the port and restore the journal in `directory`. Raises: OSError when the port is in use.

        wait_scale multiplies the documented generation times and callback delays. Orders of the same prompt give
        `distinct_takes` different clips and then repeat them, so that a thousand equal orders need few renderings.
        """
        self.now = now
        self._files_directory = directory / "files"
        self._files_directory.mkdir(parents=True, exist_ok=True)
        self._server = Server("127.0.0.1", port, self._respond, self._sent)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._journal = Journal(directory / "journal.jsonl")
        self._callbacks = Callbacks(now, wait_scale)
        images = Images(self._files_directory)
        self._renderer = Renderer(self._files_directory, images)
        shared = SharedParts(
            images=images,
            renderer=self._renderer,
            callbacks=self._callbacks,
            wait_scale=wait_scale,
            distinct_takes=distinct_takes,
            url=self.url,
        )
        lives = LIFE_SECONDS if result_life_seconds is None else (result_life_seconds, result_life_seconds)
        apixo = Terms("apixo", apixo_balance, apixo_in_flight, lives[0])
        apikley = Terms("apikley", Decimal(200_000), apikley_in_flight, lives[1])
        self._apis: dict[str, ProviderApi] = {
            "apixo": Apixo(self._orders(apixo, RateLimit(apixo_requests_per_minute, 60)), shared),
            "apikley": Apikley(self._orders(apikley, RateLimit(apikley_orders_per_10_seconds, 10)), shared),
        }
        self._providers = {name: api.orders for name, api in self._apis.items()}
        self._files = Files(self._files_directory, list(self._providers.values()))
        self._log = RequestLog()
        self._restored = restore_journal(self._journal, self._files_directory, self._providers)
        self._serving: threading.Thread | None = None

    def _orders(self, terms: Terms, requests: RateLimit) -> Orders:
        return Orders(terms=terms, requests=requests, journal=self._journal, now=self.now)

    # -- start and stop --

    @property
    def apixo_url(self) -> str:
        return self.url + API

    @property
    def apikley_url(self) -> str:
        return self.url + API

    def start(self) -> "Sandbox":
        """Serve in a daemon thread, and return self."""
        self._begin()
        self._serving = threading.Thread(target=self._serve, name="sandbox-server", daemon=True)
        self._serving.start()
        return self

    def serve_forever(self) -> None:
        """Serve in this thread until stop() is called, for example by a signal handler."""
        self._begin()
        self._serving = threading.current_thread()
        self._serve()

    def stop(self) -> None:
        """Stop everything in less than a second; a clip that is still rendered is abandoned."""
        self._server.stopping.set()
        if self._serving is threading.current_thread():
            # In a signal handler: serve_forever() is below us on this stack, so shutdown() would wait for ever.
            threading.Thread(target=self._server.shutdown, daemon=True).start()
        elif self._serving is not None:
            self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._callbacks.stop()
        self._renderer.stop()
        self._journal.close()
        self._renderer.join(STOP_SECONDS)

    def __enter__(self) -> "Sandbox":
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _begin(self) -> None:
        self._renderer.start()
        self._callbacks.start()
        for task in self._restored:
            self._apis[task.provider].render_clips(task)
        self._restored = []
        threading.Thread(target=self._tick, name="sandbox-clock", daemon=True).start()

    def _serve(self) -> None:
        try:
            self._server.serve_forever(poll_interval=POLL_SECONDS)
        except (OSError, ValueError):  # stopped before it started: its socket is closed
            if not self._server.stopping.is_set():
                raise

    def _tick(self) -> None:
        while not self._server.stopping.wait(TICK_SECONDS):
            try:
                for orders in self._providers.values():
                    orders.finish_due()
                self._callbacks.tick()
            except Exception:  # the clock must go on
                logger.exception("the practice provider could not finish its due tasks")

    # -- answering --

    def truth(self) -> dict[str, Json]:
        """Return what happened: all requests, all tasks, and the number of accepted orders."""
        tasks = [task for orders in self._providers.values() for task in orders.truth()]
        return {"requests": self._log.to_json(), "tasks": tasks, "accepted": len(tasks)}

    def _respond(self, request: Request) -> tuple[Answer, Part | None]:
        if request.path == "/_truth":
            return as_json(200, self.truth()), None
        at = self.now()
        answer, part = self._route(request)
        self._log.note(at, request, answer)
        return answer, part

    def _route(self, request: Request) -> tuple[Answer, Part | None]:
        if request.path.startswith("/files/") and request.method in ("GET", "HEAD"):
            return self._files.answer(request)
        if request.path == "/":
            return as_text(200, self._start_page()), None
        for api in self._apis.values():
            answer = api.answer(request)
            if answer is not None:
                return answer, None
        return as_json(404, {"code": 404, "message": "Task ID or route not found", "data": None}), None

    def _sent(self, answer: Answer, count: int) -> None:
        for orders in self._providers.values():
            task = orders.tasks.get(answer.task_id)
            if task is not None:
                orders.count_bytes(task, count)

    def _start_page(self) -> str:
        faults = "\n".join(f"  [{word}]  {sentence}" for word, sentence in FAULTS.items())
        return START_PAGE.format(url=self.url, faults=faults)
