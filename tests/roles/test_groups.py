"""What each of the five groups may do, to the last permission: whoever changes it changes this table."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from tests.roles.rows import GROUPS

VERBS = ("add", "change", "delete")
SEEN = {"prompt", "tag", "campaign", "generationtask", "video", "collection", "referenceimage", "pause"}
SEES = {f"view_{name}" for name in SEEN} | {"see_drafts"}


def views(*names: str) -> set[str]:
    return {f"view_{name}" for name in names}


def changes(*names: str) -> set[str]:
    return {f"{verb}_{name}" for verb in VERBS for name in names}


GRANTED = {
    "Viewer": SEES,
    "Producer": SEES | changes("prompt", "tag") | views("price", "budget") | {"order_clips"},
    "Curator": SEES | changes("collection") | views("share")
    | {"change_video", "review_clips", "publish_clips", "share_clips", "change_share"},
    "Finance": SEES | changes("budget", "campaign") | views("budget", "price", "ledgerentry", "balancereading")
    | views("auditentry") | {"add_price", "add_ledgerentry", "add_balancereading"},
    "Operator": SEES | changes("pause", "endpoint") | views("endpoint", "price", "budget", "balancereading")
    | views("auditentry") | {"decide_orders", "add_balancereading"},
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", GROUPS)
def test_a_group_may_do_this_and_no_more(name: str) -> None:
    found = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
    assert {app for app, __ in found} == {"generations"}
    assert {codename for __, codename in found} == GRANTED[name]
