"""The last choice is one row a person, which goes with the person."""

from __future__ import annotations

from django.contrib.auth.models import User

from generations.models import LastChoice


def test_a_choice_takes_the_place_of_the_one_before(staff: User) -> None:
    LastChoice.objects.remember(staff, {"model": "kling-2-6"})
    LastChoice.objects.remember(staff, {"mode": "text-to-video"})
    assert LastChoice.objects.of(staff) == {"mode": "text-to-video"}


def test_a_person_without_an_order_has_none(staff: User) -> None:
    assert LastChoice.objects.of(staff) == {}


def test_it_is_deleted_with_the_person(staff: User) -> None:
    LastChoice.objects.remember(staff, {"model": "kling-2-6"})
    staff.delete()
    assert not LastChoice.objects.exists()
