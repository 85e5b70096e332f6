"""Whose permissions decide where the links of a page lead, from the beginning of a request to its end."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from generations.admin import display, viewer
from generations.models import Prompt, Video
from tests.admin.conftest import person as a_person
from tests.factories import a_prompt

pytestmark = pytest.mark.django_db


def asked_by(person: Any, ask: Any) -> Any:
    """What a function returns while a request of a person is answered."""
    found = []

    def answer(request: Any) -> HttpResponse:
        found.append(ask())
        return HttpResponse()

    request = RequestFactory().get("/admin/")
    request.user = person
    viewer.Viewer(answer)(request)
    return found[0]


def test_a_page_is_open_to_those_who_may_see_or_change_its_rows() -> None:
    seer, changer = a_person("seer", "view_prompt"), a_person("changer", "change_prompt")
    assert [asked_by(one, lambda: viewer.may_open(Prompt)) for one in (seer, changer)] == [True, True]
    assert not asked_by(seer, lambda: viewer.may_open(Video))


def test_outside_of_a_request_nobody_is_refused() -> None:
    asked_by(a_person("nobody"), lambda: None)
    assert viewer.may_open(Prompt)


def test_a_name_is_a_link_only_for_those_who_may_follow_it() -> None:
    prompt = a_prompt(title="Lighthouse")
    assert asked_by(a_person("nobody"), lambda: display.link(prompt)) == "Lighthouse"
    assert asked_by(a_person("seer", "view_prompt"), lambda: display.link(prompt)).startswith('<a href="/admin/')
