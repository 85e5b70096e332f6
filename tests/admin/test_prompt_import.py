"""Prompts from a file: a preview with each row's problems, nothing half imported; and back to a file."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from generations.admin import prompt_import
from generations.models import AuditEntry, Prompt
from tests.factories import a_prompt

IMPORT = reverse("admin:generations_prompt_import")
TEN = ["title,text,campaign", *(f"Fox {number},a fox number {number}," for number in range(1, 11))]


def upload(client: Client, lines: list[str]) -> Any:
    content = "\n".join(lines).encode()
    return client.post(IMPORT, {"file": SimpleUploadedFile("prompts.csv", content, "text/csv")})


def confirm(client: Client, page: Any, choice: str) -> Any:
    return client.post(IMPORT, {"rows": page.context["token"], "import": choice}, follow=True)


def with_two_wrong() -> list[str]:
    lines = list(TEN)
    lines[3] = "Fox 3,,"
    lines[8] = "Fox 8,a fox,No such campaign"
    return lines


def test_a_preview_names_row_column_and_rule_and_imports_nothing(buyer_client: Client) -> None:
    page = upload(buyer_client, with_two_wrong()).content.decode()
    assert "2 of 10 rows have a problem." in page
    assert '<a href="#row-4">Row 4</a>: text: is required' in page
    assert '<a href="#row-9">Row 9</a>: campaign: there is no campaign “No such campaign”' in page
    assert "Import the 8 good rows" in page
    assert "Import 10 prompts" not in page
    assert not Prompt.objects.exists()


def test_good_rows_alone_are_imported_only_when_that_is_chosen(buyer_client: Client, buyer: User, said: Any) -> None:
    page = upload(buyer_client, with_two_wrong())
    assert said(confirm(buyer_client, page, "all")) == [prompt_import.CHANGED]
    assert not Prompt.objects.exists()
    assert said(confirm(buyer_client, page, "good")) == ["8 prompts imported. Left out: rows 4, 9."]
    assert set(Prompt.objects.values_list("created_by", flat=True)) == {buyer.pk}
    assert Prompt.objects.count() == 8
    (entry,) = AuditEntry.objects.values_list("action", "kind", "words", "by")
    assert entry == ("imported", "generations.prompt", "8 prompts from prompts.csv", buyer.pk)


def test_a_good_file_is_imported_with_one_button_and_once(buyer_client: Client, said: Any) -> None:
    page = upload(buyer_client, TEN)
    assert "Import 10 prompts" in page.content.decode()
    assert said(confirm(buyer_client, page, "all")) == ["10 prompts imported."]
    again = confirm(buyer_client, page, "all")
    assert said(again) == [prompt_import.CHANGED]
    assert "the library has it already" in again.content.decode()
    assert Prompt.objects.count() == 10


def test_a_corrected_file_is_chosen_after_a_preview_with_problems(buyer_client: Client, said: Any) -> None:
    upload(buyer_client, with_two_wrong())
    assert said(confirm(buyer_client, upload(buyer_client, TEN), "all")) == ["10 prompts imported."]


def test_a_file_that_is_refused_says_why(buyer_client: Client) -> None:
    page = upload(buyer_client, ["title", "Fox"]).content.decode()
    assert "The file: the first row names the columns, and has no column text. Nothing was imported." in page


def test_a_preview_of_someone_else_or_a_forged_one_imports_nothing(
    buyer_client: Client, admin_client: Client, said: Any
) -> None:
    page = upload(buyer_client, TEN)
    assert said(confirm(admin_client, page, "all")) == [prompt_import.TOO_OLD]
    forged = buyer_client.post(IMPORT, {"rows": page.context["token"][:-2] + "xx", "import": "all"}, follow=True)
    assert said(forged) == [prompt_import.TOO_OLD]
    assert not Prompt.objects.exists()


def test_texts_of_a_file_are_escaped(buyer_client: Client) -> None:
    page = upload(buyer_client, ["text", "<script>alert(1)</script>"]).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_one_who_may_not_add_prompts_imports_none(viewer_client: Client) -> None:
    assert viewer_client.get(IMPORT).status_code == 403
    assert upload(viewer_client, TEN).status_code == 403
    assert viewer_client.get(reverse("admin:generations_prompt_example_csv")).status_code == 403
    assert IMPORT not in viewer_client.get(reverse("admin:generations_prompt_changelist")).content.decode()


def exported(client: Client, suffix: str, **query: str) -> bytes:
    response = client.get(reverse(f"admin:generations_prompt_export_{suffix}"), query)
    assert response.headers["Content-Disposition"] == f'attachment; filename="prompts.{suffix}"'
    content: bytes = response.getvalue()
    return content


def test_an_export_has_what_the_list_shows(viewer_client: Client) -> None:
    for text in ("=1+1 harbour", "a fox"):
        a_prompt(text=text)
    a_prompt(text="an old harbour", archived=True)
    lines = exported(viewer_client, "csv", q="harbour").decode("utf-8-sig").splitlines()
    assert lines == ["title,text,negative_prompt,notes,campaign,tags,settings", ",'=1+1 harbour,,,,,"]
    sheet = load_workbook(BytesIO(exported(viewer_client, "xlsx", q="harbour"))).active
    assert sheet is not None and (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1 harbour", "s")


def test_an_export_is_imported_on_another_site_as_it_was(admin_client: Client, said: Any) -> None:
    texts = ["=1+1", "'-5", "a fox\nin snow"]
    for text in texts:
        a_prompt(text=text)
    content = exported(admin_client, "csv")
    Prompt.objects.all().delete()
    page = admin_client.post(IMPORT, {"file": SimpleUploadedFile("prompts.csv", content)})
    assert said(confirm(admin_client, page, "all")) == ["3 prompts imported."]
    assert set(Prompt.objects.values_list("text", flat=True)) == set(texts)


def test_a_list_that_is_too_long_for_a_file_is_to_be_narrowed(
    viewer_client: Client, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    monkeypatch.setattr(prompt_import, "MOST_EXPORTED", 1)
    for text in ("a fox", "an owl"):
        a_prompt(text=text)
    page = viewer_client.get(reverse("admin:generations_prompt_export_csv"), {"q": "a"}, follow=True)
    assert re.match("At most 1 prompts are exported", said(page)[0])


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_example_file_is_offered(buyer_client: Client, suffix: str) -> None:
    url = reverse(f"admin:generations_prompt_example_{suffix}")
    assert url in buyer_client.get(IMPORT).content.decode()
    assert buyer_client.get(url).headers["Content-Disposition"] == f'attachment; filename="example.{suffix}"'


def test_one_who_may_not_see_prompts_exports_none(client: Client, django_user_model: type[User]) -> None:
    client.force_login(django_user_model.objects.create_user("nina", is_staff=True))
    assert client.get(reverse("admin:generations_prompt_export_csv")).status_code == 403
