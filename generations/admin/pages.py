"""The admin's pages that belong to no model, in its own namespace: `admin:search` and others."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import URLPattern, URLResolver, path

from generations.admin import notice_choice, notices, queue, queue_actions, queue_again, search
from generations.catalog.wrong_addresses import ANYTHING, PAGE, offering

# Django answers a page that is no number by 404.
autocomplete = offering(
    term=ANYTHING, page=PAGE, app_label=ANYTHING, model_name=ANYTHING, field_name=ANYTHING
)(admin.site.autocomplete_view)  # fmt: skip


def urls() -> list[URLPattern | URLResolver]:
    """Return these pages, and behind them Django's own, the last of which takes every address.

    Django's way from any row to its page on the site is left out: it asks for no permission, and the address of a
    share link is a secret.
    """
    wrap = admin.site.admin_view
    return [
        path("notices/", wrap(notices.page), name="notices"),
        path("notices/read/", wrap(notices.read), name="notices_read"),
        path("notices/mine/", wrap(notice_choice.page), name="notice_choice"),
        path("search/", wrap(search.page), name="search"),
        path("queue/", wrap(queue.page), name="queue"),
        path("queue/live/", wrap(queue.live), name="queue_live"),
        path("queue/move/", wrap(queue_actions.move), name="queue_move"),
        path("queue/pause/", wrap(queue_actions.pause), name="queue_pause"),
        path("queue/cancel/", wrap(queue_actions.cancel), name="queue_cancel"),
        path("queue/again/", wrap(queue_again.again), name="queue_again"),
        path("autocomplete/", wrap(autocomplete), name="autocomplete"),
        *(each for each in AdminSite.get_urls(admin.site) if getattr(each, "name", "") != "view_on_site"),
    ]
