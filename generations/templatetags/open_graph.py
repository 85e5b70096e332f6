"""Tell other sites what a public clip is, so that a link to it shows its picture there."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.template.context import RequestContext

register = template.Library()


@register.inclusion_tag("catalog/_open_graph.html", takes_context=True)
def open_graph(context: RequestContext) -> dict[str, Any]:
    """Return the clip and its absolute addresses where everybody may see it, else nothing."""
    video, request = context["video"], context["request"]
    if not (settings.CATALOG_PUBLIC and video.published_at):
        return {}
    return {
        "video": video,
        "page": request.build_absolute_uri(video.get_absolute_url()),
        "file": "" if video.damage else request.build_absolute_uri(video.url),
        "poster": request.build_absolute_uri(video.poster_url) if video.poster else "",
    }
