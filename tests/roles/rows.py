"""One row of each kind that an address can name, and what is secret of those that not everybody sees."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import PurePath
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

GROUPS = ("Viewer", "Producer", "Curator", "Finance", "Operator")


def a_person(role: str) -> User | None:
    """Someone of a role; staff status goes with each group, and "member" has none."""
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
    asks = person or _a_client()
    clips = _clips(owner, asks)
    video, approved = clips["video"], clips["approved"]
    reel, closed_reel = (
        Collection.objects.create(name=name, slug=name.lower(), is_restricted=name != "Reel", created_at=at)
        for name in ("Reel", "Unseenreel")
    )
    for position, name in enumerate(("video", "approved", "closed_approved")):
        for each in (reel, closed_reel):
            CollectionItem.objects.create(collection=each, video=clips[name], position=position)
    shares = {"share": _share(video, owner), "own_share": _share(approved, asks)}
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
        **clips, **{name.replace("video", "shot"): clip.shot for name, clip in clips.items() if "video" in name},
        **{str(status): a_task(status) for status in (Status.QUEUED, Status.RUNNING, Status.FAILED,
                                                      Status.UNCONFIRMED, Status.STORED)},
        "prompt": a_prompt(), "archived_prompt": a_prompt(archived=True),
        "tag": Tag.objects.create(name="dawn"), "budget": a_budget("100"), "image": image,
        "campaign": a_campaign("Spring"), "archived_campaign": a_campaign("Winter", archived=True),
        "collection_pk": reel, "entry": video.task.entries.all()[0], "price": Price.objects.all()[0],
        "pause": Pause.objects.create(provider="apikley", reason="401", paused_at=at),
        "reading": BalanceReading.objects.create(provider="apixo", practice=True, at=at, error="401"),
        "comment": comments.write(video, "unseen remark", at=at, author=owner),
        "own_comment": comments.write(video, "very dark", at=at, author=asks),
        "video_type": ContentType.objects.get_for_model(Video),
        "share_type": ContentType.objects.get_for_model(Share), **shares, **searches,
    }  # fmt: skip
    Tag.objects.get(name="dawn").prompts.set(Prompt.objects.filter(archived=False))
    made |= {"seen_share": shares["share"], "task": video.task, "approved_task": approved.task}
    words = {
        "collection": reel.slug, "closed_collection": closed_reel.slug, "owner": owner.username,
        "share_token": shares["share"].token, "feed_token": searches["search"].token,
        "own_feed_token": searches["own_search"].token,
        **{name.replace("video", "file"): str(clip.file) for name, clip in clips.items() if "video" in name},
        "poster_file": str(video.poster), "preview_file": str(video.preview),
        "image_file": str(image.file), "signed_image": urlsplit(image.provider_url()).path,
        "batch": str(uuid.UUID(int=1)), "provider": "apixo", "wrong_token": "no:token", "rest": "nothing/",
        "which_failed": "failed",
    }  # fmt: skip
    words["audit"] = str(AuditEntry.objects.latest("pk").pk)
    return words | {name: str(row.pk) for name, row in made.items()}


def _a_client() -> User:
    """Someone whose group sees no drafts: what is one's own, where nobody is signed in."""
    client = User.objects.create(username="client")
    client.groups.add(Group.objects.create(name="Clients"))
    return client


def _clips(owner: User, asks: User) -> dict[str, Video]:
    """A draft and an approved and a published clip of others, a draft of one's own, and one of a closed campaign."""
    at, closed = timezone.now(), a_campaign("Unseencampaign", is_restricted=True)
    prompt = a_prompt()
    found = {
        "video": a_video(a_task(Status.STORED, prompt=prompt, ordered_by=owner), title="Unseen draft of others"),
        "own_video": a_video(a_task(Status.STORED, ordered_by=asks), title="own draft"),
        "approved": a_video(a_task(Status.STORED, prompt=prompt), title="approved"),
        "published": a_video(title="published"),
        "closed_video": a_video(a_task(Status.STORED, campaign=closed), title="Unseen draft for a campaign"),
        "closed_approved": a_video(a_task(Status.STORED, campaign=closed), title="Unseen of a closed campaign"),
    }
    for name in ("approved", "published", "closed_approved"):
        reviewing.judge(found[name], Review.APPROVED, at=at, by=owner)
    Video.objects.filter(pk=found["published"].pk).update(published_at=at, published_by=owner)
    for clip in found.values():
        _pictures(clip)
    return {name: Video.objects.get(pk=clip.pk) for name, clip in found.items()}


def _pictures(clip: Video) -> None:
    """Give a clip a poster and a preview, which are only files."""
    stem = PurePath(str(clip.file)).stem
    names = {"poster": f"posters/2026/{stem}.jpg", "preview": f"previews/2026/{stem}.mp4"}
    Video.objects.filter(pk=clip.pk).update(**names)
    root = clip.path.parents[2]
    for name in names.values():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"a picture")


def secrets_of(rows: dict[str, str]) -> dict[str, list[str]]:
    """Return what no page may contain for those who do not see a row."""
    return {
        "video": ["Unseen draft of others", "unseen remark", PurePath(rows["file"]).stem],
        "closed_video": ["Unseen draft for a", PurePath(rows["closed_file"]).stem],
        "closed_approved": ["Unseen of a closed"],
        "closed_collection": ["Unseenreel", "unseenreel"],
    }


def _share(video: Video, by: User) -> Share:
    terms = Terms(days=3, password="", may_download=True, may_comment=True)
    return sharing.share(video, terms, at=timezone.now() - timedelta(minutes=1), by=by)
