"""Which campaign pays for a prompt; its form and its actions: tests/admin/test_prompt_actions.py."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User

from generations.library.prompt_campaigns import may_move, of_words, why_no_copy, why_not
from generations.models import Campaign
from tests.factories import a_campaign, a_prompt

pytestmark = pytest.mark.django_db


def test_whoever_may_change_campaigns_and_the_operator_move_prompts() -> None:
    producer, finance = (User.objects.create(username=name) for name in ("pia", "fritz"))
    finance.user_permissions.add(Permission.objects.get(codename="change_campaign"))
    assert [may_move(by) for by in (None, finance, producer)] == [True, True, False]


def test_a_prompt_without_a_campaign_gets_any_and_one_with_keeps_its_own() -> None:
    own, other = a_campaign(), a_campaign("Winter")
    assert [why_not(None, other), why_not(None, None), why_not(own, own)] == ["", "", ""]
    for wanted in (other, None):
        assert why_not(own, wanted).startswith("Autumn pays for this prompt; another campaign takes the permission")


def test_words_belong_to_each_campaign_that_has_them() -> None:
    own, other = a_campaign(), a_campaign("Winter")
    first = a_prompt(campaign=own)
    a_prompt(text="a lighthouse at dawn", negative_prompt="rain")
    words = first.wording

    def why(wanted: Campaign | None) -> str:
        return why_no_copy(of_words([words])[words], wanted)

    assert [bool(why(wanted)) for wanted in (own, other, None)] == [False, True, True]
    a_prompt(campaign=other)
    assert [bool(why(wanted)) for wanted in (own, other, None)] == [False, False, True]
    a_prompt()
    assert not why(None)
    assert why_no_copy([], other) == ""
