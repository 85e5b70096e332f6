"""Deliver callbacks: POST the final status to the order's address, and retry until the answer is 200."""

import heapq
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from .orders import Clock
from .wire import Json
from .workers import Workers

logger = logging.getLogger("generations.sandbox")

THREADS = 4
ANSWER_SECONDS = 30.0  # "answer HTTP 200 within 30 s"
EARLY_ANSWER_SECONDS = 5.0  # for `[callback early]`, which delays the answer to the order
RETRY_SECONDS = (30.0, 60.0, 120.0)  # "up to 3 retries with increasing delays"; the first is documented as 30
MOST_WAITING = 10_000  # more are dropped, as a provider may do


@dataclass(order=True)
class Delivery:
    """One callback to deliver at a time."""

    at: float
    number: int
    url: str = field(compare=False)
    payload: Json = field(compare=False)
    attempt: int = field(compare=False, default=0)


class Callbacks:
    """Callbacks to deliver, by a few threads; `tick()` starts those that are due."""

    def __init__(self, now: Clock, wait_scale: float) -> None:
        self._now = now
        self._scale = wait_scale
        self._workers = Workers("sandbox-callback", THREADS)
        self._retries: list[Delivery] = []
        self._count = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        self._workers.start()

    def stop(self) -> None:
        self._workers.stop()

    def send(self, url: str, payload: Json) -> None:
        """Deliver in a thread."""
        self._queue(url, payload, 0, self._now())
        self.tick()

    def send_now(self, url: str, payload: Json) -> None:
        """Deliver before returning; a failure is retried later."""
        if not self._post(url, payload, EARLY_ANSWER_SECONDS):
            self._queue(url, payload, 1, self._now() + RETRY_SECONDS[0] * self._scale)

    def tick(self) -> None:
        """Start the deliveries that are due."""
        now = self._now()
        while True:
            with self._lock:
                if not self._retries or self._retries[0].at > now:
                    return
                delivery = heapq.heappop(self._retries)
            self._workers.add(self._deliver_later(delivery))

    def _deliver_later(self, delivery: Delivery) -> Callable[[], None]:
        return lambda: self._deliver(delivery)

    def _queue(self, url: str, payload: Json, attempt: int, at: float) -> None:
        with self._lock:
            if len(self._retries) >= MOST_WAITING:
                logger.warning("too many callbacks are waiting: one is dropped")
                return
            self._count += 1
            heapq.heappush(self._retries, Delivery(at, self._count, url, payload, attempt))

    def _deliver(self, delivery: Delivery) -> None:
        if self._post(delivery.url, delivery.payload, ANSWER_SECONDS):
            return
        if delivery.attempt >= len(RETRY_SECONDS):
            logger.info("a callback failed %d times and is not retried", delivery.attempt + 1)
            return
        wait = RETRY_SECONDS[delivery.attempt] * self._scale
        self._queue(delivery.url, delivery.payload, delivery.attempt + 1, self._now() + wait)

    def _post(self, url: str, payload: Json, seconds: float) -> bool:
        body = json.dumps(payload, ensure_ascii=False).encode()
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    url,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=seconds,
                    allow_redirects=False,
                )
        except (requests.RequestException, ValueError) as error:
            logger.info("a callback could not be delivered: %s", type(error).__name__)
            return False
        return answer.status_code == 200
