"""The search of everything, from the header of each staff page: pages, tasks, prompts, clips, batches and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from generations import clock
from generations.admin import navigation
from generations.admin.base import person_of
from generations.catalog.wrong_addresses import ANYTHING, offering
from generations.library.filters import MAX_LENGTH
from generations.library.search import BadSearch, Search
from generations.library.sorting import ordered
from generations.models import Batch, Campaign, Collection, GenerationTask, Prompt, Video
from generations.models.prompts import beginning

SHOWN = 8  # of each group
MOST_COUNTED = 1_000  # more are said as "1,000+"
LARGEST_ID = 2**63 - 1
DESCRIPTION_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    url: str
    words: str = ""
    video: Video | None = None  # whose poster is shown


@dataclass(frozen=True, slots=True)
class Hits:
    """What one kind of row has of the words; `all_url` leads to all of them, if more than these were found."""

    name: str
    hits: list[Hit]
    count: str = ""
    all_url: str = ""


@require_safe
@offering(q=ANYTHING)
def page(request: HttpRequest) -> HttpResponse:
    """Show what the words find among all that the person may see."""
    text = " ".join(request.GET.get("q", "").replace("\0", " ").split())
    too_long = len(text) > MAX_LENGTH
    found = [] if too_long or not text else [each for each in _found(request, text) if each.hits]
    context = {
        "title": gettext("Search"),
        "text": text,
        "searched": text,
        "found": found,
        "too_long": too_long,
        "longest": MAX_LENGTH,
    }
    return render(request, "admin/search.html", {**admin.site.each_context(request), **context})


def _found(request: HttpRequest, text: str) -> Iterator[Hits]:
    yield _pages(request, text)
    yield _tasks(request, text)
    yield _of_list(request, gettext("Prompts"), Prompt, text, _prompt, archived="all")
    yield _clips(request, text)
    yield _batches(request, text)
    yield _of_list(request, gettext("Campaigns"), Campaign, text, _campaign, archived="all")
    yield _of_list(request, gettext("Collections"), Collection, text, _collection)
    yield _of_list(request, gettext("People"), User, text, _person)
    yield _of_list(request, gettext("Groups"), Group, text, _group)


def _pages(request: HttpRequest, text: str) -> Hits:
    words = text.casefold()
    links = [link for section in navigation.sections(request) for link in section.links]
    return Hits(gettext("Pages"), [Hit(link.label, link.url) for link in links if words in link.label.casefold()])


def _tasks(request: HttpRequest, text: str) -> Hits:
    """Find tasks by their number or by the provider's id, each by an index."""
    number = text.removeprefix("#")
    named = Q(provider__in=list(settings.PROVIDERS), remote_id=text)
    if number.isascii() and number.isdigit() and int(number) <= LARGEST_ID:
        named |= Q(pk=int(number))
    rows = _rows_of(request, GenerationTask).filter(named).select_related("prompt").order_by("-pk")[:SHOWN]
    return Hits(gettext("Tasks"), [_task(task) for task in rows])


def _clips(request: HttpRequest, text: str) -> Hits:
    """Find clips as the catalog does, so that the link to all of them finds the same."""
    if not _may_see(request, Video):
        return Hits(gettext("Clips"), [])
    query = QueryDict(mutable=True)
    query["q"] = text
    try:
        search = Search.parse(query)
        matching = search.videos(person_of(request), at=clock.now())
    except BadSearch:  # no letter and no digit: it finds no clip
        return Hits(gettext("Clips"), [])
    rows = ordered(matching, by_index=not search.is_rare(matching))
    return _first(gettext("Clips"), rows, _clip, f"{reverse('catalog')}?{search.query_string()}")


def _batches(request: HttpRequest, text: str) -> Hits:
    """Find batches by their names; whoever may see tasks may see them."""
    if not _may_see(request, GenerationTask):
        return Hits(gettext("Batches"), [])
    rows = Batch.objects.filter(name__icontains=text).order_by("-pk")[:SHOWN]
    words = gettext("batch {batch}")
    hits = [Hit(batch.name, batch.get_absolute_url(), words.format(batch=batch.pk)) for batch in rows]
    return Hits(gettext("Batches"), hits)


def _of_list(request: HttpRequest, name: str, model: Any, text: str, hit: Callable[[Any], Hit], **filters: str) -> Hits:
    """Find rows as the list of their model does, so that the link to all of them finds the same."""
    listed = admin.site.get_model_admin(model)
    rows, __ = listed.get_search_results(request, _rows_of(request, model), text)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return _first(name, rows.order_by("-pk"), hit, f"{address}?{urlencode({'q': text, **filters})}")


def _first(name: str, rows: QuerySet[Any], hit: Callable[[Any], Hit], all_url: str) -> Hits:
    """Return the first rows, and how many there are: one query finds both, and a second one reads what is shown."""
    ids = list(dict.fromkeys(rows.values_list("pk", flat=True)[: MOST_COUNTED + 1]))
    found = rows.model._default_manager.in_bulk(ids[:SHOWN])
    count = f"{MOST_COUNTED:,}+" if len(ids) > MOST_COUNTED else str(len(ids))
    hits = [hit(found[pk]) for pk in ids[:SHOWN] if pk in found]
    return Hits(name, hits, count, all_url if len(ids) > SHOWN else "")


def _rows_of(request: HttpRequest, model: Any) -> QuerySet[Any]:
    """Return the rows that the person sees in the list of the model; none without the permission."""
    rows: QuerySet[Any] = admin.site.get_model_admin(model).get_queryset(request)
    return rows if _may_see(request, model) else rows.none()


def _may_see(request: HttpRequest, model: Any) -> bool:
    return bool(admin.site.get_model_admin(model).has_view_or_change_permission(request))


def _task(task: GenerationTask) -> Hit:
    name = gettext("Task {task}").format(task=task.pk)
    return Hit(name, task.get_absolute_url(), f"{task.get_status_display()}: {task.prompt.name}")


def _prompt(prompt: Prompt) -> Hit:
    words = beginning(prompt.text) if prompt.title else ""
    if prompt.archived:
        words = gettext("{words} (archived)").format(words=words).strip()
    return Hit(prompt.name, prompt.get_absolute_url(), words)


def _clip(video: Video) -> Hit:
    return Hit(video.title, video.get_absolute_url(), video=video)


def _campaign(campaign: Campaign) -> Hit:
    return Hit(campaign.name, campaign.get_absolute_url(), gettext("archived") if campaign.archived else "")


def _collection(collection: Collection) -> Hit:
    return Hit(
        collection.name, collection.get_absolute_url(), Truncator(collection.description).chars(DESCRIPTION_LENGTH)
    )


def _person(person: User) -> Hit:
    return Hit(person.get_username(), reverse("admin:auth_user_change", args=[person.pk]), person.get_full_name())


def _group(group: Group) -> Hit:
    return Hit(group.name, reverse("admin:auth_group_change", args=[group.pk]))
