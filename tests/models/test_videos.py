"""Which clips a person may browse, and what searches compare."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User

from generations.models import Review, Tag, Video
from generations.models.videos import STATES, State
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db


def test_a_restricted_campaign_shows_its_clips_to_named_people_their_groups_and_staff() -> None:
    names = ("named", "member", "other", "staff")
    named, member, other, staff = (User.objects.create(username=name, is_staff=name == "staff") for name in names)
    group = Group.objects.create(name="client A")
    group.permissions.add(Permission.objects.get(codename="see_drafts"))
    member.groups.add(group)
    campaign = a_campaign(is_restricted=True)
    campaign.people.add(named)
    campaign.groups.add(group)
    a_video(a_task(campaign=campaign))
    free = [a_video(), a_video(a_task(campaign=a_campaign("Open")))]
    for person in (named, member, staff):
        assert Video.objects.visible_to(person).count() == 3
    assert set(Video.objects.visible_to(other)) == set(free)


def test_who_is_not_signed_in_sees_published_clips_where_the_catalog_is_public(settings: Any) -> None:
    by = User.objects.create(username="mira")
    a_video()
    public = a_video(review=Review.APPROVED, reviewed_at=NOW, published_at=NOW, published_by=by)
    assert not Video.objects.visible_to(AnonymousUser())
    settings.CATALOG_PUBLIC = True
    assert list(Video.objects.visible_to(AnonymousUser())) == [public]


def test_a_new_tag_is_found_after_the_words_are_written_again() -> None:
    video = a_video(description="Zürich")
    video.prompt.tags.add(Tag.objects.create(name="Night-time"))
    Video.objects.all().refresh_words()
    assert Video.objects.get().words == "a lighthouse at dawn zurich a lighthouse at dawn night time"


def test_each_clip_is_in_exactly_one_state(staff: User) -> None:
    decided: dict[str, Any] = {"reviewed_at": NOW}
    clips = {
        State.DRAFT: a_video(),
        State.IN_REVIEW: a_video(review=Review.IN_REVIEW),
        State.APPROVED: a_video(review=Review.APPROVED, **decided),
        State.REJECTED: a_video(review=Review.REJECTED, **decided),
        State.PUBLISHED: a_video(review=Review.APPROVED, published_at=NOW, published_by=staff, **decided),
    }
    for state, video in clips.items():
        assert video.state == state
        assert list(Video.objects.filter(STATES[state])) == [video]
