"""The practice provider as a whole: `Sandbox` puts the two halves, the files and the server together."""

import logging
import threading
import time
from decimal import Decimal
from pathlib import Path

from .apikley import Apikley
from .apixo import Apixo
from .callbacks import Callbacks
from .desk import Desk, Premises
from .fates import FATES
from .files import Files, Part
from .images import Images
from .journal import Journal
from .limits import RateLimit
from .memory import recall
from .orders import Clock, Orders, Terms
from .server import Server
from .truth import RequestLog
from .wire import Answer, Json, Request, as_json, as_text
from .workshop import Workshop

logger = logging.getLogger("generations.sandbox")

API = "/api/v1"
TICK_SECONDS = 0.1  # how often the clock is read for callbacks that are due
POLL_SECONDS = 0.02  # how often the server looks whether it shall stop: tests start and stop hundreds
STOP_SECONDS = 0.6  # how long stop() waits for the rendering threads to notice
LIFE_SECONDS = (15 * 86400.0, 86400.0)  # "Result URLs are valid for 15 days"; "typically expire after 24 hours"

START_PAGE = """\
This is the practice provider: it speaks the APIs of APIXO and Apikley, costs nothing, and
renders its own clips.

  base URL    {url}/api/v1   (both providers; any key will do)
  the truth   {url}/_truth   (every request and every task, as JSON)

Words in a prompt choose what goes wrong with it:

{fates}
"""


class Sandbox:
    """An HTTP server that stands in for both providers: a context manager, or start() and stop()."""

    def __init__(
        self,
        *,
        directory: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        wait_scale: float = 0.1,
        now: Clock = time.time,
        public_url: str = "",
        result_life_seconds: float | None = None,
        apixo_balance: Decimal = Decimal("1000.0000"),
        apikley_balance: Decimal = Decimal(200_000),
        apixo_requests_per_minute: int = 10_000,
        apixo_in_flight: int = 1000,
        apikley_orders_per_10_seconds: int = 20,
        apikley_in_flight: int = 100,
        distinct_takes: int = 8,
    ) -> None:
        """Binds the port and recalls the journal in `directory`. Raises OSError when the port is taken.

        wait_scale multiplies the documented generation times and callback delays. The same prompt ordered again
        gives another clip, `distinct_takes` times; then they repeat, so that a thousand equal orders cost few
        renderings.
        """
        self.now = now
        self._files_directory = directory / "files"
        self._files_directory.mkdir(parents=True, exist_ok=True)
        self._server = Server(host, port, self._respond, self._sent)
        shown = "127.0.0.1" if host in ("", "0.0.0.0") else host  # noqa: S104
        self.url = f"http://{shown}:{self._server.server_port}"
        self._journal = Journal(directory / "journal.jsonl")
        self._callbacks = Callbacks(now, wait_scale)
        images = Images(self._files_directory)
        self._workshop = Workshop(self._files_directory, images)
        premises = Premises(
            images=images,
            workshop=self._workshop,
            callbacks=self._callbacks,
            wait_scale=wait_scale,
            distinct_takes=distinct_takes,
            url=(public_url or self.url).rstrip("/"),
        )
        lives = LIFE_SECONDS if result_life_seconds is None else (result_life_seconds, result_life_seconds)
        apixo = Terms("apixo", apixo_balance, apixo_in_flight, lives[0])
        apikley = Terms("apikley", apikley_balance, apikley_in_flight, lives[1])
        self._desks: dict[str, Desk] = {
            "apixo": Apixo(self._orders(apixo, RateLimit(apixo_requests_per_minute, 60)), premises),
            "apikley": Apikley(self._orders(apikley, RateLimit(apikley_orders_per_10_seconds, 10)), premises),
        }
        self._providers = {name: desk.orders for name, desk in self._desks.items()}
        self._files = Files(self._files_directory, list(self._providers.values()))
        self._log = RequestLog()
        self._recalled = recall(self._journal, self._files_directory, self._providers)
        self._serving: threading.Thread | None = None

    def _orders(self, terms: Terms, requests: RateLimit) -> Orders:
        return Orders(terms=terms, requests=requests, journal=self._journal, now=self.now)

    # -- life --

    @property
    def apixo_url(self) -> str:
        return self.url + API

    @property
    def apikley_url(self) -> str:
        return self.url + API

    def start(self) -> "Sandbox":
        """Serves in a daemon thread."""
        self._begin()
        self._serving = threading.Thread(target=self._serve, name="sandbox-server", daemon=True)
        self._serving.start()
        return self

    def serve_forever(self) -> None:
        """Serves in the calling thread until stop() is called, which a signal handler may do."""
        self._begin()
        self._serving = threading.current_thread()
        self._serve()

    def stop(self) -> None:
        """Ends everything in less than a second; a clip in the making is left to its daemon thread."""
        self._server.stopping.set()
        if self._serving is threading.current_thread():
            # From a signal handler: serve_forever() stands below us on this stack and cannot end before us.
            threading.Thread(target=self._server.shutdown, daemon=True).start()
        elif self._serving is not None:
            self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._callbacks.stop()
        self._workshop.stop()
        self._journal.close()
        self._workshop.join(STOP_SECONDS)

    def __enter__(self) -> "Sandbox":
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _begin(self) -> None:
        self._workshop.start()
        self._callbacks.start()
        for task in self._recalled:
            self._desks[task.provider].make_clips(task)
        self._recalled = []
        threading.Thread(target=self._tick, name="sandbox-clock", daemon=True).start()

    def _serve(self) -> None:
        try:
            self._server.serve_forever(poll_interval=POLL_SECONDS)
        except (OSError, ValueError):  # stopped before it began: its socket is closed already
            if not self._server.stopping.is_set():
                raise

    def _tick(self) -> None:
        while not self._server.stopping.wait(TICK_SECONDS):
            try:
                for orders in self._providers.values():
                    orders.settle()
                self._callbacks.tick()
            except Exception:  # the thread's outermost door: the clock must go on
                logger.exception("the practice provider's clock stumbled")

    # -- answering --

    def truth(self) -> dict[str, Json]:
        """Returns what really happened: requests, tasks, and how many orders were accepted."""
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
        for desk in self._desks.values():
            answer = desk.answer(request)
            if answer is not None:
                return answer, None
        return as_json(404, {"code": 404, "message": "Task ID or route not found", "data": None}), None

    def _sent(self, answer: Answer, count: int) -> None:
        for orders in self._providers.values():
            task = orders.tasks.get(answer.task_id)
            if task is not None:
                orders.served(task, count)

    def _start_page(self) -> str:
        fates = "\n".join(f"  [{word}]  {sentence}" for word, sentence in FATES.items())
        return START_PAGE.format(url=self.url, fates=fates)
