"""The rows of a file become prompts: each cell is checked, and a problem names its row, column and rule."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from generations.library import prompt_import
from generations.library.prompt_files import Row, example, read
from generations.library.prompt_import import save
from generations.models import Prompt, Tag
from generations.reports.export import as_csv
from tests.factories import NOW, a_campaign, a_prompt

pytestmark = pytest.mark.django_db


def check(given: list[Row]) -> list[prompt_import.Checked]:
    return prompt_import.check(given, by=User(is_superuser=True))


def rows(*cells: dict[str, str]) -> list[Row]:
    return [Row(number, each) for number, each in enumerate(cells, 2)]


def wrong(**cells: str) -> list[tuple[str, str]]:
    (checked,) = check(rows({"text": "a fox"} | cells))
    return [(problem.column, problem.rule) for problem in checked.problems]


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("text", " ", "is required"),
        ("text", "x" * 5001, "takes at most 5,000 characters, not 5,001"),
        ("text", "a {{fox", "is not closed"),
        ("text", "a \0 fox", "has a character that is no text"),
        ("title", "x" * 201, "takes at most 200 characters, not 201"),
        ("negative_prompt", "x" * 2501, "takes at most 2,500 characters"),
        ("campaign", "Winter", "there is no campaign “Winter”"),
        ("tags", "x" * 51, "a tag has at most 50 characters"),
        ("settings", "duration=5", "settings name a provider, a model and a mode"),
    ],
)
def test_a_broken_cell_is_named_with_its_rule(column: str, text: str, rule: str) -> None:
    (found,) = wrong(**{column: text})
    assert found[0] == column and rule in found[1]


def test_every_problem_of_a_row_is_named_at_once() -> None:
    assert [column for column, _ in wrong(text="", campaign="Winter", tags="x" * 51)] == ["text", "campaign", "tags"]


def test_a_prompt_that_the_library_or_the_file_has_already_is_named() -> None:
    old = a_prompt(text="a fox", title="Fox", campaign=a_campaign("Autumn"))
    same = {"text": "a fox ", "title": "Fox", "campaign": "AUTUMN"}
    new = {"text": "an owl"}
    found = [[problem.rule for problem in each.problems] for each in check(rows(same, new, new, {"text": "a fox"}))]
    assert found == [[f"the library has it already: prompt {old.pk}"], [], ["is the same as row 3"], []]


def test_the_words_of_a_campaign_s_prompt_are_imported_for_another_one_by_permission() -> None:
    old, producer = a_prompt(text="a fox", campaign=a_campaign("Autumn")), User.objects.create(username="pia")
    a_campaign("Winter")
    given = rows(
        *({"text": "a fox", "title": "New", "campaign": name} for name in ("Winter", "", "Autumn")), {"text": "an owl"}
    )
    found = [[(each.column, each.rule) for each in row.problems] for row in prompt_import.check(given, by=producer)]
    assert [[column for column, _rule in each] for each in found] == [["campaign"], ["campaign"], [], []]
    assert f"Autumn pays for prompt {old.pk}" in found[0][0][1]
    assert not any(row.problems for row in check(given))


def test_good_rows_become_prompts_with_their_versions_tags_campaign_and_settings(staff: User) -> None:
    campaign, night = a_campaign("Autumn Sale"), Tag.objects.create(name="Night")
    settings = "provider=apixo; model=kling-2-6; mode=text-to-video; duration=5"
    cells = {"text": "=a fox", "title": " Fox  two ", "campaign": "autumn-sale", "tags": 'night, "sea, deep"',
             "settings": settings, "notes": "n", "negative_prompt": "rain"}  # fmt: skip
    (prompt,) = save(check(rows(cells)), at=NOW, by=staff)
    prompt.refresh_from_db()
    assert (prompt.title, prompt.text, prompt.notes) == ("Fox two", "=a fox", "n")
    assert (prompt.campaign, prompt.created_by, prompt.defaults["duration"]) == (campaign, staff, "5")
    assert set(prompt.tags.values_list("name", flat=True)) == {night.name, "sea, deep"}
    assert prompt.versions.get().wording == ("=a fox", "rain")
    assert list(Prompt.objects.matching("fox rain")) == [prompt]


def test_a_row_with_a_problem_is_never_written(staff: User) -> None:
    with pytest.raises(ValueError, match="not imported"):
        save(check(rows({"text": "a fox"}, {"text": ""})), at=NOW, by=staff)
    assert not Prompt.objects.exists()


def test_rows_are_checked_by_as_many_queries_for_many_as_for_few(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for count in (1, 30):
        with django_assert_num_queries(3):
            check(rows(*({"text": f"fox {number}", "tags": "night"} for number in range(count))))


def test_the_example_file_can_be_imported() -> None:
    assert [each.problems for each in check(read("".join(as_csv(example())).encode()))] == [[], []]
