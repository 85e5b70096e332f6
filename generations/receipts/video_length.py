"""The length of an order whose clip becomes as long as its reference video: read before money is reserved for it."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from generations.lifecycle import reachability
from generations.lifecycle.ordering import OrderRequest, Problems
from generations.media import remote_videos
from generations.providers import offers
from generations.providers.parameters import Video


def measured(request: OrderRequest, problems: Problems) -> OrderRequest:
    """Return the request with the seconds of its reference video; add to `problems` why there are none, or too many."""
    order = request.order
    offer, url = offers.find(order.provider, order.model, order.mode), order.text("video")
    parameter = offer.parameters.get("video") if offer else None
    if not url or "video" in problems or not isinstance(parameter, Video):
        return request
    try:
        seconds = remote_videos.probe_seconds(url, near=reachability.near_origins(order.provider))
    except remote_videos.UnusableVideo as error:
        problems["video"] = [_("at {url}: its length could not be read: {why}").format(url=url, why=error)]
        return request
    if seconds > parameter.max_seconds:
        words = _("at {url}: {seconds} seconds, where at most {most} are taken")
        problems["video"] = [words.format(url=url, seconds=seconds, most=parameter.max_seconds)]
    return replace(request, order=replace(order, video_seconds=seconds))
