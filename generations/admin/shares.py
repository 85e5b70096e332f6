"""The page of share links: who shared what, and the action that revokes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.admin import display
from generations.admin.base import ReadOnlyAdmin, person_of
from generations.library import collections, sharing
from generations.models import Share, Video


class StateFilter(admin.SimpleListFilter):
    """Filter links by whether they work."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", gettext("Open")), ("ended", gettext("Ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = clock.now()
        if self.value() == "open":
            return queryset.filter(pk__in=Share.objects.open(at=at).values("pk"))
        if self.value() == "ended":
            return queryset.exclude(pk__in=Share.objects.open(at=at).values("pk"))
        return queryset


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    """All links. Their addresses are not shown: each is a secret of the person who made it."""

    list_display = ["clip", "what", "created_by", "created_at", "expires_at", "state", "views", "protected"]
    list_display_links = ["what"]
    list_filter = [StateFilter, ("created_by", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["video", "collection", "created_by"]
    search_fields = ["video__title", "collection__name", "search", "created_by__username"]
    readonly_fields = [
        "what", "maker", "created_at", "expires_at", "revoked_at", "state", "protected", "may_download",
        "may_comment", "views",
    ]  # fmt: skip
    fields = tuple(readonly_fields)
    actions = ["revoke"]

    def attach_figures(self, request: HttpRequest, rows: list[Share]) -> None:
        fronts = collections.fronts(row.collection for row in rows if row.collection)
        named = {row.pk: row.video_id or fronts.get(row.collection_id or 0) for row in rows}
        display.attach_posters(rows, named, by="pk", viewer=person_of(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        """Leave out the links to clips that a person may not see."""
        seen = Video.objects.visible_to(person_of(request)).filter(pk=OuterRef("video"))
        return super().get_queryset(request).filter(Q(video=None) | Exists(seen))

    @admin.display(description=_("Created by"))
    def maker(self, share: Share) -> str:
        return display.linked(str(share.created_by), display.page_of(share.created_by))

    @admin.display(description=_("Clip"))
    def clip(self, share: Share) -> str:
        return display.front_poster(share)

    @admin.display(description=_("Shows"))
    def what(self, share: Share) -> str:
        if share.search:
            return str(share)
        words = gettext("Clip: {name}") if share.video_id else gettext("Collection: {name}")
        return words.format(name=share)

    @admin.display(description=_("State"))
    def state(self, share: Share) -> str:
        if share.revoked_at:
            return _badge("neutral", gettext("revoked"))
        if not share.created_by.is_active:
            return _badge("neutral", gettext("ended"), gettext("its creator's account is closed"))
        is_open = share.is_open(at=timezone.now())
        return _badge("good", gettext("open")) if is_open else _badge("neutral", gettext("expired"))

    @admin.display(description=_("Password"), boolean=True)
    def protected(self, share: Share) -> bool:
        return bool(share.password)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.change_share")

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[Share]) -> None:
        """End the chosen links at once."""
        at = clock.now()
        count = sum(sharing.revoke(share, at=at, by=person_of(request)) for share in rows)
        self.message_user(request, ngettext("{n} revoked.", "{n} revoked.", count).format(n=count), messages.SUCCESS)


def _badge(tone: str, word: str, why: str = "") -> str:
    return display.two_lines(format_html('<span class="badge badge-{}">{}</span>', tone, word), why)
