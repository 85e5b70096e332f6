"""The way of every order and every question, the same at both providers; their words are left to them."""

import json
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from hashlib import sha256

from . import files
from .callbacks import Callbacks
from .clips import SIZES, size_for
from .images import BadImage, Images
from .orders import Orders
from .tasks import Order, Task, clips_for
from .wire import MOST_HANG_SECONDS, Answer, Json, Request, about, as_text
from .workshop import Workshop

logger = logging.getLogger("generations.sandbox")

LATE_ASKS = 3  # `[late visible]`
EMPTY_ASKS = 2  # `[no urls]`
BUSY_RETRY_SECONDS = 2
FULL_RETRY_SECONDS = 5
SLOW, FAST = 5.0, 0.1
EARLY_WAIT_SECONDS = 10.0  # `[callback early]` waits so long for its clip
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

# Fates that refuse an order, with the kind of refusal that each provider words in its own way.
REFUSALS = {"bad key": "key", "no credit": "money", "reject": "reject", "server error": "server"}


@dataclass(frozen=True)
class Premises:
    """What both providers share: the place where clips are made, and the rules of this practice provider."""

    images: Images
    workshop: Workshop
    callbacks: Callbacks
    wait_scale: float
    distinct_takes: int
    url: str  # of this server, as clients reach it


class Desk(ABC):
    """One provider's half of the practice provider."""

    image_formats: tuple[str, ...]

    def __init__(self, orders: Orders, premises: Premises) -> None:
        self.orders = orders
        self.premises = premises
        orders.settled = self._call_back

    # -- what each provider says in its own way --

    @abstractmethod
    def answer(self, request: Request) -> Answer | None:
        """Answers a request to one of the provider's own paths, or returns None."""

    @abstractmethod
    def refuse(self, kind: str, detail: str = "", *, model: str = "", retry_seconds: int = 0) -> Answer:
        """Words a refusal: of a kind in REFUSALS, in rules.py, or `image` with a reason of BadImage."""

    @abstractmethod
    def acceptance(self, task_id: str) -> Answer:
        """Says that an order was accepted; without an id, `data` is null."""

    @abstractmethod
    def new_id(self) -> str: ...

    @abstractmethod
    def callback_payload(self, task: Task) -> Json: ...

    # -- ordering --

    def has_key(self, request: Request) -> bool:
        """Any key will do, but there must be one."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and bool(key.strip())

    def place(self, order: Order) -> Answer:
        """Accepts an order that breaks no rule, unless its fate, images, the limits or the balance refuse it."""
        refusal = self._refused_by_fate(order)
        if refusal is not None:
            return refusal
        try:
            background, image_size = self.premises.images.check(order.image_urls, self.image_formats)
        except BadImage as bad:
            return self.refuse(f"image {bad.reason}", bad.detail, model=order.model)
        task = self._task(order, background, image_size)
        reason = self.orders.accept(task)
        if reason == "full":
            return self.refuse("busy", "Too many tasks in flight", retry_seconds=FULL_RETRY_SECONDS)
        if reason == "poor":
            return self.refuse("money", model=order.model)
        self.make_clips(task)
        if "callback early" in task.fate:
            self._finish_early(task)
        return about(self._answer_by_fate(task), task.id, accepted=True)

    def make_clips(self, task: Task) -> None:
        for clip in task.clips:
            self.premises.workshop.make(clip, self.orders.rendered)

    def _refused_by_fate(self, order: Order) -> Answer | None:
        for word, kind in REFUSALS.items():
            if word in order.fate:
                return self.refuse(kind, "The prompt asked for this refusal", model=order.model)
        if order.fate.busy_times and self.orders.busy_still(order.prompt, order.fate.busy_times):
            return self.refuse("busy", "Rate limit exceeded", retry_seconds=BUSY_RETRY_SECONDS)
        return None

    def _task(self, order: Order, background: str, image_size: tuple[int, int] | None) -> Task:
        size = SIZES[order.ratio or "16:9"] if image_size is None or order.ratio else size_for(image_size)
        take = self.orders.next_take(order.prompt) % self.premises.distinct_takes
        task_id = self.new_id()
        pace = SLOW if "slow" in order.fate else FAST if "fast" in order.fate else 1.0
        return Task(
            id=task_id,
            provider=order.provider,
            model=order.model,
            prompt=order.prompt,
            price=order.price,
            created_at=self.orders.now(),
            takes_seconds=_typical(order.typical, task_id) * self.premises.wait_scale * pace,
            clips=clips_for(order, size, background, take),
            callback_url=order.callback_url,
            param=order.param,
        )

    def _answer_by_fate(self, task: Task) -> Answer:
        if "gateway error" in task.fate:
            return as_text(502, GATEWAY_PAGE, "text/html")
        if "lost answer" in task.fate:
            return Answer(0, silent=True)
        if "hang" in task.fate:
            return Answer(0, silent=True, hang_seconds=MOST_HANG_SECONDS)
        return self.acceptance("" if "no id" in task.fate else task.id)

    # -- asking --

    def visible(self, task_id: str, model: str | None = None) -> tuple[Task, str] | None:
        """Returns a task and its phase, or None when the provider does not (or pretends not to) know it."""
        self.orders.settle()
        task = self.orders.tasks.get(task_id)
        if task is None or (model is not None and task.model != model):
            return None
        phase = task.phase(self.orders.now())
        earlier = self.orders.told(task)
        if "forgotten" in task.fate or "late visible" in task.fate and earlier < LATE_ASKS:
            return None
        return task, phase

    def result(self, task: Task, *, asked: bool) -> Json:
        """Returns `resultJson`: a string, or an object if the fate wants one. `asked` counts a question."""
        earlier = self.orders.told_result(task) if asked else 0
        urls = [
            self.premises.url + files.address(task, number, min(earlier, 1) if "fresh url" in task.fate else 0)
            for number in range(len(task.clips))
        ]
        if "no urls" in task.fate and earlier < EMPTY_ASKS:
            urls = []
        result = {"resultUrls": urls}
        return result if "object result" in task.fate else json.dumps(result, separators=(",", ":"))

    # -- calling back --

    def _call_back(self, task: Task) -> None:
        words = task.fate.words.keys()
        if not task.callback_url or words & {"callback never", "callback early"}:
            return
        for _ in range(2 if "callback twice" in words else 1):
            self.premises.callbacks.send(task.callback_url, self.callback_payload(task))

    def _finish_early(self, task: Task) -> None:
        if not self.premises.workshop.wait(task.clips, EARLY_WAIT_SECONDS):
            logger.warning("a clip was not ready for its early callback")
        self.orders.hurry(task)
        if task.callback_url and task.settled_at is not None:
            self.premises.callbacks.send_now(task.callback_url, self.callback_payload(task))


def _typical(seconds: tuple[float, float], task_id: str) -> float:
    """Chooses within the documented range, always the same for a task."""
    share = int.from_bytes(sha256(task_id.encode()).digest()[:4]) / 2**32
    return seconds[0] + (seconds[1] - seconds[0]) * share
