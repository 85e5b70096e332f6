"""The base of both provider APIs: accept orders, report status, send callbacks. Subclasses word the answers."""

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
from .renderer import Renderer
from .tasks import Order, Task, clips_for
from .wire import MOST_HANG_SECONDS, Answer, Json, Request, as_text, for_task

logger = logging.getLogger("generations.sandbox")

HIDDEN_REQUESTS = 3  # `[late visible]`
EMPTY_ANSWERS = 2  # `[no urls]`
BUSY_RETRY_SECONDS = 2
FULL_RETRY_SECONDS = 5
SLOW, FAST = 5.0, 0.1
EARLY_WAIT_SECONDS = 10.0  # how long `[callback early]` waits for its clip
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

# Fault -> kind of refusal, which each provider words in its own way.
REFUSALS = {
    "bad key": "key",
    "no credit": "money",
    "no access": "access",
    "content refused": "content",
    "reject": "reject",
    "server error": "server",
    "unavailable": "unavailable",
    "upstream timeout": "timeout",
    "not generated": "not generated",
    "maintenance": "maintenance",
    "disabled": "disabled",
}
PASSING = ("maintenance", "disabled")  # once, then the order is accepted


@dataclass(frozen=True)
class SharedParts:
    """What both provider APIs share: images, renderer, callbacks and settings."""

    images: Images
    renderer: Renderer
    callbacks: Callbacks
    wait_scale: float
    distinct_takes: int
    url: str  # of this server


class ProviderApi(ABC):
    """The practice version of one provider's API."""

    image_formats: tuple[str, ...]

    def __init__(self, orders: Orders, shared: SharedParts) -> None:
        self.orders = orders
        self.shared = shared
        orders.on_finished = self._call_back

    # -- the wording of each provider --

    @abstractmethod
    def answer(self, request: Request) -> Answer | None:
        """Answer a request, or return None when its path is not the provider's."""

    @abstractmethod
    def refuse(self, kind: str, detail: str = "", *, model: str = "", retry_seconds: int = 0) -> Answer:
        """Return a refusal; `kind` is one of REFUSALS or rules.py, or `image` with a reason of BadImage."""

    @abstractmethod
    def acceptance(self, task_id: str) -> Answer:
        """Return the answer to an accepted order; without an id, `data` is null."""

    @abstractmethod
    def new_id(self) -> str: ...

    @abstractmethod
    def callback_payload(self, task: Task) -> Json: ...

    # -- ordering --

    def has_key(self, request: Request) -> bool:
        """Return whether the request has a key; any key is valid."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and bool(key.strip())

    def place(self, order: Order) -> Answer:
        """Accept a valid order, or refuse it for its faults, its images, the limits or the balance."""
        refusal = self._refused_by_fault(order)
        if refusal is not None:
            return refusal
        try:
            background, image_size = self.shared.images.check(order.image_urls, self.image_formats)
        except BadImage as bad:
            return self.refuse(f"image {bad.reason}", bad.detail, model=order.model)
        task = self._task(order, background, image_size)
        reason = self.orders.accept(task)
        if reason == "full":
            return self.refuse("busy", "Too many tasks in flight", retry_seconds=FULL_RETRY_SECONDS)
        if reason == "no money":
            return self.refuse("money", model=order.model)
        self.render_clips(task)
        if "callback early" in task.faults:
            self._finish_early(task)
        return for_task(self._answer_by_fault(task), task.id, accepted=True)

    def render_clips(self, task: Task) -> None:
        for clip in task.clips:
            self.shared.renderer.render(clip, self.orders.clip_rendered)

    def _refused_by_fault(self, order: Order) -> Answer | None:
        for word, kind in REFUSALS.items():
            if word in order.faults and (word not in PASSING or self.orders.is_still_busy(order.prompt, 1)):
                return self.refuse(kind, "The prompt requested this refusal", model=order.model)
        if order.faults.busy_times and self.orders.is_still_busy(order.prompt, order.faults.busy_times):
            return self.refuse("busy", "Rate limit exceeded", retry_seconds=BUSY_RETRY_SECONDS)
        return None

    def _task(self, order: Order, background: str, image_size: tuple[int, int] | None) -> Task:
        size = SIZES[order.ratio or "16:9"] if image_size is None or order.ratio else size_for(image_size)
        take = self.orders.next_take(order.prompt) % self.shared.distinct_takes
        task_id = self.new_id()
        pace = SLOW if "slow" in order.faults else FAST if "fast" in order.faults else 1.0
        return Task(
            id=task_id,
            provider=order.provider,
            model=order.model,
            prompt=order.prompt,
            price=order.price,
            created_at=self.orders.now(),
            takes_seconds=_typical(order.typical, task_id) * self.shared.wait_scale * pace,
            clips=clips_for(order, size, background, take),
            callback_url=order.callback_url,
            param=order.param,
        )

    def _answer_by_fault(self, task: Task) -> Answer:
        if "gateway error" in task.faults:
            return as_text(502, GATEWAY_PAGE, "text/html")
        if "lost answer" in task.faults:
            return Answer(0, silent=True)
        if "hang" in task.faults:
            return Answer(0, silent=True, hang_seconds=MOST_HANG_SECONDS)
        return self.acceptance("" if "no id" in task.faults else task.id)

    # -- status --

    def visible(self, task_id: str, model: str | None = None) -> tuple[Task, str] | None:
        """Return a task and its phase, or None when it is unknown or a fault hides it."""
        self.orders.finish_due()
        task = self.orders.tasks.get(task_id)
        if task is None or (model is not None and task.model != model):
            return None
        phase = task.phase(self.orders.now())
        earlier = self.orders.count_status_request(task)
        if "forgotten" in task.faults or "late visible" in task.faults and earlier < HIDDEN_REQUESTS:
            return None
        return task, phase

    def result(self, task: Task, *, counted: bool) -> Json:
        """Return `resultJson`: a string, or an object if a fault wants it. `counted` counts this status request."""
        earlier = self.orders.count_result(task) if counted else 0
        urls = [
            self.shared.url + files.address(task, number, min(earlier, 1) if "fresh url" in task.faults else 0)
            for number in range(len(task.clips))
        ]
        if "no urls" in task.faults and earlier < EMPTY_ANSWERS:
            urls = []
        result = {"resultUrls": urls}
        return result if "object result" in task.faults else json.dumps(result, separators=(",", ":"))

    # -- callbacks --

    def _call_back(self, task: Task) -> None:
        words = task.faults.words.keys()
        if not task.callback_url or words & {"callback never", "callback early"}:
            return
        for _ in range(2 if "callback twice" in words else 1):
            self.shared.callbacks.send(task.callback_url, self.callback_payload(task))

    def _finish_early(self, task: Task) -> None:
        if not self.shared.renderer.wait(task.clips, EARLY_WAIT_SECONDS):
            logger.warning("a clip was not ready in time for its early callback")
        self.orders.finish_now(task)
        if task.callback_url and task.finished_at is not None:
            self.shared.callbacks.send_now(task.callback_url, self.callback_payload(task))


def _typical(seconds: tuple[float, float], task_id: str) -> float:
    """Return a time within the documented range, always the same for a task."""
    share = int.from_bytes(sha256(task_id.encode()).digest()[:4]) / 2**32
    return seconds[0] + (seconds[1] - seconds[0]) * share
