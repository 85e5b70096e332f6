"""Prompts and what they are called."""

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from generations.models import Prompt
from tests.factories import NOW, a_campaign, a_prompt


def test_a_prompt_is_called_by_its_title() -> None:
    assert str(Prompt(title="Lighthouse", text="a lighthouse at dawn")) == "Lighthouse"


def test_a_prompt_without_a_title_is_called_by_its_first_words() -> None:
    assert Prompt(text="a lighthouse\n  at dawn").name == "a lighthouse at dawn"
    long = Prompt(text="gull " * 50).name
    assert len(long) <= 60
    assert long.endswith("…")


@pytest.mark.django_db
def test_a_version_is_kept_when_the_words_change_and_at_no_other_time(staff: User) -> None:
    prompt = a_prompt(text="one")
    prompt.notes = "for the team"
    assert prompt.keep(at=NOW, by=staff) is None
    prompt.negative_prompt = "rain"
    version = prompt.keep(at=NOW, by=staff)
    assert version and (version.number, version.wording, version.by) == (2, ("one", "rain"), staff)


@pytest.mark.django_db
def test_a_search_takes_as_many_queries_for_many_prompts_as_for_few(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in (1, 12):
        for each in range(number):
            a_prompt(campaign=a_campaign(f"Dawn {number} {each}"))
        with django_assert_num_queries(3):  # campaigns, tags and prompts
            assert len(Prompt.objects.matching("dawn lighthouse")) >= number
