"""Whose a notice is, and how many of them are unread."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from generations.models import Campaign, Happening, Notice, NoticeKind
from generations.models import notices as rows
from generations.models.notices import kinds_open_to
from tests.admin.conftest import person
from tests.factories import NOW, a_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return person("anna", "view_generationtask")


def a_notice(
    of: User, kind: NoticeKind = NoticeKind.FAILED, campaign: Campaign | None = None, **changes: object
) -> Notice:
    number = Happening.objects.count()
    happening = Happening.objects.create(key=f"{number}", kind=kind, at=NOW, page="task", row=1, campaign=campaign)
    return Notice.objects.create(person=of, happening=happening, **changes)


def test_the_kinds_are_those_whose_pages_open(anna: User) -> None:
    assert kinds_open_to(anna) == [NoticeKind.BATCH, NoticeKind.FAILED, NoticeKind.UNDECIDED]
    assert kinds_open_to(person("vera")) == []


def test_unread_are_the_persons_own_that_they_may_see(
    anna: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine = a_notice(anna)
    a_notice(person("vera", "view_generationtask"))
    a_notice(anna, NoticeKind.BUDGET)
    a_notice(anna, in_admin=False)
    a_notice(anna, read_at=NOW)
    assert list(Notice.objects.unread(anna)) == [mine]
    with django_assert_num_queries(1):
        assert Notice.objects.count_unread(anna) == 1


def test_a_campaign_that_is_closed_to_a_person_closes_its_notices() -> None:
    """Staff see every campaign; whoever has no longer that status sees no closed one."""
    left = person("left", "view_generationtask")
    left.is_staff = False
    a_notice(left, campaign=a_campaign("Secret", is_restricted=True))
    shown = a_notice(left, campaign=a_campaign("Open"))
    none = a_notice(left)
    assert set(Notice.objects.open_to(left)) == {shown, none}


def test_many_unread_are_counted_to_a_limit(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_COUNTED", 2)
    for _ in range(3):
        a_notice(anna)
    assert Notice.objects.count_unread(anna) == 2


def test_nobody_is_told_of_a_happening_twice(anna: User) -> None:
    notice = a_notice(anna)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(person=anna, happening=notice.happening)
