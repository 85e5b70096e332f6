"""Continue a clip from one of its frames: which settings fit, and when a line of continuations has become long."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from django.utils.translation import gettext as _

from generations.lifecycle.ordering import OrderRequest
from generations.lifecycle.retries import fitted
from generations.models import GenerationTask
from generations.models.lineage import count_continuations
from generations.providers import offers
from generations.providers.base import Order
from generations.providers.menu import Offer

FRAME_FORMAT = "png"  # as which frames are kept
MOST_IN_A_ROW = 4  # continuations before a person is told


def with_start_image(task: GenerationTask) -> Order:
    """Return a task's order without pictures, in a mode that takes a start image.

    Its own mode if that takes one, or else one of the same model, or else the provider's first one.
    """
    order = replace(task.order(), callback_url="").with_images("", "")
    ways = [each for each in offers.OFFERS.values() if each.provider == task.provider and takes_a_frame(each)]
    own = (task.provider, task.model, task.mode)
    best = min(ways, key=lambda way: _distance(way, task), default=None)
    return order if best is None or best.key == own else fitted(order, best)


def takes_a_frame(offer: Offer) -> bool:
    """Return whether a mode starts from a picture such as a frame of a clip."""
    return FRAME_FORMAT in offer.image_formats


def _distance(way: Offer, task: GenerationTask) -> tuple[bool, bool, bool, bool]:
    """Compare modes: the task's own, the same one for pictures, one of its model, one that needs nothing else."""
    sibling = task.mode.replace("text-to-video", "image-to-video")
    return way.mode != task.mode or way.model != task.model, way.model != task.model, way.mode != sibling, _asks(way)


def _asks(way: Offer) -> bool:
    return "video" in way.parameters


def words(request: OrderRequest) -> str:
    """Say what a request continues; empty when nothing."""
    task, at = request.continued_from, request.continued_at_seconds
    if task is None:
        return ""
    words = _("Continues task {number}: the start image is its frame at {seconds} s.")
    return words.format(number=task.pk, seconds=f"{at:.2f}")


def cautions(continued: Collection[int]) -> dict[int, str]:
    """Say of which tasks a clip is the end of a long line, whose next continuation would look worse."""
    words = _(
        "This would be continuation {number} in a row. Each one starts from a picture that was generated, so faces, "
        "colors and details drift further. Start from an earlier clip or a fresh picture if it shows."
    )
    counted = count_continuations(continued).items()
    return {task: words.format(number=done + 1) for task, done in counted if done >= MOST_IN_A_ROW}
