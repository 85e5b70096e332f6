"""One row of each thing that an address can name, and the people who come: each test of a role makes its own."""

from __future__ import annotations

import uuid
from datetime import timedelta
from urllib.parse import urlsplit

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.http import QueryDict
from django.utils import timezone

from generations.library import comments, reviewing, saved_searches, sharing
from generations.library.search import Search
from generations.library.sharing import Terms
from generations.models import (
    Account,
    AuditEntry,
    BalanceReading,
    Batch,
    Collection,
    CollectionItem,
    Endpoint,
    Pause,
    Price,
    Prompt,
    Review,
    Share,
    Status,
    Tag,
    Video,
)
from tests.factories import a_budget, a_campaign, a_prompt, a_task, a_video, an_image
from tests.roles.table import GROUPS


def a_person(role: str) -> User | None:
    """Someone of a role; staff status goes with each group."""
    if role == "anonymous":
        return None
    is_superuser = role == "superuser"
    person = User.objects.create(username=f"a {role}", is_superuser=is_superuser, is_staff=role != "member")
    if role in GROUPS:
        person.groups.add(Group.objects.get(name=role))
    return person


def make_rows(person: User | None) -> dict[str, str]:
    """Make the rows; return the words that stand for them in addresses. `own_` rows are the person's."""
    at, owner = timezone.now(), User.objects.create(username="owner", is_superuser=True)
    asks = person or owner
    video, approved, published = (a_video(title=name) for name in ("draft", "approved", "published"))
    for each in (approved, published):
        reviewing.judge(each, Review.APPROVED, at=at, by=owner)
    Video.objects.filter(pk=published.pk).update(published_at=at, published_by=owner)
    reel = Collection.objects.create(name="Reel", slug="reel", created_at=at)
    for position, each in enumerate((video, approved)):
        CollectionItem.objects.create(collection=reel, video=each, position=position)
    shares = {name: _share(video, by) for name, by in (("share", owner), ("own_share", asks))}
    searches = {
        name: saved_searches.save(Search.parse(QueryDict()), name, at=at, by=by)
        for name, by in (("search", owner), ("own_search", asks))
    }
    image = an_image()
    Account.objects.of("apixo")
    batch = Batch.objects.create(name="Autumn", created_at=at)
    for status in (Status.QUEUED, Status.FAILED):
        a_task(status, order_batch=batch)
    made = {
        "order_batch": batch,
        "endpoint": Endpoint.objects.create(address="https://hooks.example.com/kling", kinds=["failed"]),
        "user": User.objects.create(username="other"),
        "group": Group.objects.create(name="Other"),
        "video": video, "approved": approved, "published": published, "shot": video.shot,
        **{str(status): a_task(status) for status in (Status.QUEUED, Status.RUNNING, Status.FAILED,
                                                      Status.UNCONFIRMED, Status.STORED)},
        "prompt": a_prompt(), "archived_prompt": a_prompt(archived=True),
        "tag": Tag.objects.create(name="dawn"), "budget": a_budget("100"), "image": image,
        "campaign": a_campaign("Spring"), "archived_campaign": a_campaign("Winter", archived=True),
        "collection_pk": reel, "entry": video.task.entries.all()[0], "price": Price.objects.all()[0],
        "pause": Pause.objects.create(provider="apikley", reason="401", paused_at=at),
        "reading": BalanceReading.objects.create(provider="apixo", practice=True, at=at, error="401"),
        "comment": comments.write(video, "too dark", at=at, author=owner),
        "own_comment": comments.write(video, "very dark", at=at, author=asks),
        "video_type": ContentType.objects.get_for_model(Video), **shares, **searches,
    }  # fmt: skip
    Tag.objects.get(name="dawn").prompts.set(Prompt.objects.filter(archived=False))
    made |= {"task": video.task, "approved_task": approved.task}
    words = {
        "collection": reel.slug, "share_token": shares["share"].token, "feed_token": searches["search"].token,
        "file": str(video.file), "image_file": str(image.file), "signed_image": urlsplit(image.provider_url()).path,
        "batch": str(uuid.UUID(int=1)), "provider": "apixo", "wrong_token": "no:token", "rest": "nothing/",
        "which_failed": "failed",
    }  # fmt: skip
    words["audit"] = str(AuditEntry.objects.latest("pk").pk)
    return words | {name: str(row.pk) for name, row in made.items()}


def _share(video: Video, by: User) -> Share:
    terms = Terms(days=3, password="", may_download=True, may_comment=True)
    return sharing.share(video, terms, at=timezone.now() - timedelta(minutes=1), by=by)
