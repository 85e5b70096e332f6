"""Actions on the clips of chosen tasks and videos, and on all that match."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.catalog import zips
from generations.library import bulk
from generations.models import Collection, Review, Status, Tag, Video
from tests.admin.acting import TASKS, VIDEOS, act, confirm, words
from tests.admin.conftest import person
from tests.catalog.conftest import body
from tests.factories import NOW, a_prompt, a_task, a_video


@pytest.mark.parametrize(
    ("action", "value", "says"),
    [
        ("rate", {"stars": "4"}, "Rated 4 of 5: 2 clips."),
        ("tag", {"tag": "snow"}, "Tagged “snow”: 2 clips."),
        ("untag", {"choice": "old"}, "Tag “old” removed: 2 clips."),
        ("collect", {"choice": "best"}, "Added to Best: 2 clips."),
    ],
)
def test_a_page_between_asks_for_the_value_and_the_list_says_what_was_done(
    admin_client: Client, action: str, value: dict[str, str], says: str
) -> None:
    Collection.objects.create(name="Best", slug="best", created_at=NOW)
    first, second, other = a_video(), a_video(), a_video()
    Tag.objects.create(name="old").prompts.set([video.prompt for video in (first, second, other)])
    before = list(Video.objects.values())
    page = act(admin_client, action, first.pk, second.pk, at=f"{VIDEOS}?practice__exact=1")
    assert page.context["title"].endswith(": 2 clips")
    assert list(Video.objects.values()) == before
    done = confirm(admin_client, page, **value)
    assert done.redirect_chain == [(f"{VIDEOS}?practice__exact=1", 302)]
    assert says in words(done)


def test_all_that_match_are_those_that_matched_when_they_were_chosen(admin_client: Client) -> None:
    for _ in range(3):
        a_video(title="Red fox")
    hare = a_video(title="Hare")
    gone, *rest = Video.objects.filter(title="Red fox").order_by("pk")
    page = act(admin_client, "rate", hare.pk, at=f"{VIDEOS}?q=fox", select_across="1")
    assert page.context["title"] == "Rate: 3 clips"
    late = a_video(title="Red fox")
    gone.delete()
    assert "Rated 5 of 5: 2 clips. Left out: 1 no longer here." in words(confirm(admin_client, page, stars="5"))
    assert set(Video.objects.filter(rating=5)) == set(rest)
    assert late not in Video.objects.filter(rating=5)


def test_the_clips_of_tasks_are_meant_in_the_list_of_tasks(admin_client: Client) -> None:
    video, without = a_video(), a_task(Status.QUEUED)
    page = act(admin_client, "rate", video.task_id, without.pk, at=TASKS)
    assert page.context["title"] == "Rate: 1 clip"
    confirm(admin_client, page, stars="3")
    assert Video.objects.get().rating == 3
    assert "no clip among these" in words(act(admin_client, "rate", without.pk, at=TASKS))


def test_more_than_can_be_changed_at_once_are_refused(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generations.admin.bulk.ids_of.__kwdefaults__", {"noun": "clip", "most": 1})
    first, second = a_video(), a_video()
    for action in ("approve", "rate"):
        assert "At most 1 clips" in words(act(admin_client, action, first.pk, second.pk))
    assert not Video.objects.exclude(review=Review.UNDECIDED)


@pytest.mark.parametrize("value", [{"stars": "9"}, {"stars": ""}, {}])
def test_a_wrong_value_is_said_on_the_page_between(admin_client: Client, value: dict[str, str]) -> None:
    video = a_video(rating=2)
    page = confirm(admin_client, act(admin_client, "rate", video.pk), **value)
    assert page.context["form"].errors
    video.refresh_from_db()
    assert video.rating == 2


@pytest.mark.parametrize("chosen", ["", "1;2", "x", ",".join(map(str, range(bulk.MOST + 1)))])
def test_ids_that_no_page_has_sent_change_nothing(admin_client: Client, chosen: str) -> None:
    video = a_video()
    page = act(admin_client, "rate", video.pk, chosen=chosen, stars="5")
    assert "Nothing was changed" in words(page)
    video.refresh_from_db()
    assert video.rating == 0


def test_where_there_is_nothing_to_choose_from_the_list_says_so(admin_client: Client) -> None:
    video = a_video()
    assert "None of these clips has a tag" in words(act(admin_client, "untag", video.pk))
    assert "There is no collection yet" in words(act(admin_client, "collect", video.pk))


def test_clips_are_downloaded_as_one_zip(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = a_video(title="Fox"), a_video(title="Hare"), a_video()
    response = act(admin_client, "download", first.pk, second.pk)
    assert len(zipfile.ZipFile(io.BytesIO(body(response))).namelist()) == 2
    monkeypatch.setattr(zips, "MOST_CLIPS", 1)
    assert "At most 1 clips fit" in words(act(admin_client, "download", first.pk, second.pk))
    assert "Nothing was sent" in words(act(admin_client, "download", a_task(Status.QUEUED).pk, at=TASKS))


@pytest.mark.parametrize(
    ("action", "permission"),
    [("tag", "change_prompt"), ("untag", "change_prompt"), ("collect", "change_collection"),
     ("approve", "review_clips"),
     ("reject", "review_clips"), ("undecide", "review_clips")],
)  # fmt: skip
@pytest.mark.parametrize("at", [VIDEOS, TASKS])
def test_an_action_takes_its_permission(client: Client, db: None, action: str, permission: str, at: str) -> None:
    video = a_video(a_task(Status.STORED, prompt=a_prompt()))
    Collection.objects.create(name="Best", slug="best", created_at=NOW)
    video.prompt.tags.create(name="old")
    pk = video.pk if at == VIDEOS else video.task_id
    for user, may in ((person("may not"), False), (person("may", permission), True)):
        user.user_permissions.add(*person(f"{user} sees", "view_video", "view_generationtask").user_permissions.all())
        client.force_login(User.objects.get(pk=user.pk))
        page = act(client, action, pk, at=at)
        assert ("No action selected." in words(page)) is not may
    assert Video.objects.filter(review=Review.APPROVED).exists() is (action == "approve")
