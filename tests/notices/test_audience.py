"""Whom a happening concerns."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from generations.models import HowOften, NoticeChoice, NoticeKind
from generations.notices.audience import Audience
from tests.notices.telling import someone

pytestmark = pytest.mark.django_db


def test_permissions_are_read_once_for_all_happenings(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    olga = someone("olga", "Operator")
    with django_assert_num_queries(3):  # choices, who acts, who sees
        audience = Audience()
        for _ in range(3):
            assert audience.concerned(NoticeKind.UNDECIDED, [None], but=None) == [olga.pk]


def test_a_superuser_is_concerned_by_what_anybody_may_decide() -> None:
    mira = someone("mira", "nothing", is_superuser=True)
    assert Audience().concerned(NoticeKind.ENDPOINT, [], but=None) == [mira.pk]


def test_a_choice_counts_for_its_person_and_kind_alone() -> None:
    anna, other = someone("anna"), someone("other")
    NoticeChoice.objects.create(
        person=anna, hidden=[NoticeKind.BATCH], mailed=[NoticeKind.FAILED], how_often=HowOften.DAILY
    )
    audience = Audience()
    assert audience.ways(anna.pk, NoticeKind.BATCH) == (False, False)
    assert audience.ways(anna.pk, NoticeKind.FAILED) == (True, True)
    assert audience.ways(other.pk, NoticeKind.BATCH) == (True, False)


def test_nothing_is_kept_for_e_mails_of_who_wants_none() -> None:
    """Otherwise the first digest after a change of mind would tell what is long over."""
    anna = someone("anna")
    NoticeChoice.objects.create(person=anna, mailed=[NoticeKind.FAILED], how_often=HowOften.NEVER)
    assert Audience().ways(anna.pk, NoticeKind.FAILED) == (True, False)
