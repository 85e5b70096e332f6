"""The report's pages: who may see them, what they answer to odd questions, and their files."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.models import Review, Status
from tests.factories import NOW, a_campaign, a_prompt, a_task, a_video

SPEND, PROMPTS, PROVIDERS, STATEMENT = (
    reverse(name) for name in ("reports", "reports_prompts", "reports_providers", "reports_statement")
)
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}


def text(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def refusal(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == 400
    return response.content.decode()


def table(client: Client, url: str, slug: str, **query: str) -> str:
    response: Any = client.get(url, NOVEMBER | {"table": slug} | query)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_the_page_shows_sums_a_chart_and_a_table_for_each_dimension(admin_client: Client) -> None:
    a_video(a_task(Status.STORED, campaign=a_campaign("Autumn")), review=Review.APPROVED, reviewed_at=NOW)
    page = text(admin_client, SPEND, **NOVEMBER)
    assert "<svg" in page
    assert "1 of 1 paid" in page
    for title in ("Per day", "Per provider", "Per model", "Per mode", "Per campaign", "Per person"):
        assert title in page
    assert "Autumn" in page


def test_a_table_is_a_file_with_plain_numbers(admin_client: Client) -> None:
    a_video(a_task(Status.STORED), review=Review.APPROVED, reviewed_at=NOW)
    head, row = table(admin_client, SPEND, "model").splitlines()
    assert head.startswith("Model,Spent,Clips paid,Unpriced,At a starting price,Approved,Per approved clip")
    assert row == "Kling 2.5 Turbo Pro,0.3000,1,0,0,1,0.3000,0.0600,0,0,0"


def test_a_prompt_leads_to_the_versions_of_its_words(admin_client: Client) -> None:
    prompt = a_prompt(title="Gulls", text="gulls")
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text="gulls"), review=Review.APPROVED, reviewed_at=NOW)
    a_task(Status.STORED, prompt=a_prompt(title="Terns"))
    link = f"?from=2026-11-01&amp;to=2026-11-30&amp;money=practice&amp;prompt={prompt.pk}"
    assert link in text(admin_client, PROMPTS, **NOVEMBER)
    page = text(admin_client, PROMPTS, **NOVEMBER, prompt=str(prompt.pk))
    assert "Per version of the prompt" in page
    assert "v1, as it is now" in page
    assert "Terns" not in page
    assert (
        table(admin_client, PROMPTS, "version", prompt=str(prompt.pk))
        .splitlines()[1]
        .startswith('"v1, as it is now",gulls,0.3000')
    )
    assert "Only the prompt" in text(admin_client, SPEND, **NOVEMBER, prompt=str(prompt.pk))


def test_a_prompt_that_is_none_is_told(admin_client: Client) -> None:
    assert "Select a valid choice" in refusal(admin_client, PROMPTS, prompt="999")


def test_what_was_spent_on_each_is_drawn_over_its_table(admin_client: Client) -> None:
    a_task(Status.STORED)
    a_task(Status.STORED, provider="apikley", model="kling-2-6", price_usd="0.60")
    page = text(admin_client, SPEND, **NOVEMBER)
    assert 'aria-label="Per model, spent: Kling 2.6: $0.60, Kling 2.5 Turbo Pro: $0.30."' in page
    assert 'aria-label="Per mode,' not in page  # there is only one


def test_names_that_people_gave_run_nothing_in_a_spreadsheet(admin_client: Client, staff: User) -> None:
    staff.username = "@SUM(1+1)"
    staff.save()
    prompt = a_prompt(title="=HYPERLINK(1)")
    a_task(Status.STORED, prompt=prompt, campaign=a_campaign("+cmd", slug="cmd"), ordered_by=staff)
    assert "\n'=HYPERLINK(1)," in table(admin_client, PROMPTS, "prompt").replace("\r", "")
    assert "\n'+cmd," in table(admin_client, SPEND, "campaign").replace("\r", "")
    assert "\n'@SUM(1+1)," in table(admin_client, SPEND, "person").replace("\r", "")


def test_a_table_is_an_xlsx_file_too(admin_client: Client) -> None:
    a_task(Status.STORED)
    response: Any = admin_client.get(SPEND, NOVEMBER | {"table": "model", "file": "xlsx"})
    assert response["Content-Disposition"] == 'attachment; filename="model-2026-11-01-2026-11-30-practice.xlsx"'
    assert b"".join(response.streaming_content).startswith(b"PK")


def test_a_table_that_is_none_is_refused(admin_client: Client) -> None:
    assert admin_client.get(SPEND, {"table": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "2026-11-30", "to": "2026-11-01"}, "From is later than To"),
        ({"from": "2026-13-01"}, "Enter a valid date"),
        ({"to": "nonsense"}, "Enter a valid date"),
        ({"from": ""}, "This field is required"),
        ({"provider": "nobody"}, "Select a valid choice"),
        ({"campaign": "x"}, "Select a valid choice"),
        ({"person": "999999"}, "Select a valid choice"),
        ({"money": "both"}, "Select a valid choice"),
        ({"from": "0001-01-01"}, "greater than or equal to 2000-01-01"),
        ({"to": "9999-12-31"}, "less than or equal to 2100-12-31"),
        ({"from": "2001-01-01", "to": "2001-01-31"}, "Nothing was reserved, spent or released"),
    ],
)
@pytest.mark.parametrize("url", [SPEND, PROVIDERS])
def test_odd_questions_get_an_answer_in_words(admin_client: Client, url: str, query: dict[str, str], said: str) -> None:
    read = text if said.startswith("Nothing") else refusal
    assert said in read(admin_client, url, **query)


def test_providers_have_a_scorecard(admin_client: Client) -> None:
    a_task(Status.STORED, stored_at=NOW)
    a_task(Status.FAILED, error_kind="content")
    assert table(admin_client, PROVIDERS, "scorecard").splitlines()[1] == "APIXO,2,1,50,0,0,,"
    assert table(admin_client, PROVIDERS, "failures").splitlines()[1] == "APIXO,content,1,100,0.3000,0,50"
    page = text(admin_client, PROVIDERS)
    assert ">Content filter<" in page and ">content<" not in page  # the file keeps the code, the page says it in words


def test_practice_is_marked_and_real_money_stands_apart(admin_client: Client) -> None:
    a_task(Status.STORED, practice=True)
    assert '<span class="practice">' in text(admin_client, SPEND, **NOVEMBER, money="practice")
    assert "Nothing was reserved" in text(admin_client, SPEND, **NOVEMBER, money="real")


def test_the_unpriced_is_said_beside_the_sum(admin_client: Client) -> None:
    a_task(Status.STORED, price_usd=None)
    assert "<dd>1 unpriced</dd>" in text(admin_client, SPEND, **NOVEMBER)
    assert "\nKling 2.5 Turbo Pro,,1,1,0,0,,," in table(admin_client, SPEND, "model").replace("\r", "")
    a_task(Status.STORED)
    assert "<dd>$0.30 + 1 unpriced</dd>" in text(admin_client, SPEND, **NOVEMBER)


def test_a_starting_price_is_said_beside_the_sum(admin_client: Client) -> None:
    for task in (a_task(Status.STORED, price_is_minimum=True), a_task(Status.STORED)):
        a_video(task, review=Review.APPROVED, reviewed_at=NOW)
    page = text(admin_client, SPEND, **NOVEMBER)
    assert "<dd>from $0.60</dd>" in page
    assert "Spend per day: from $0.60 in total" in page
    assert "1 clip is charged at a starting price: real costs may be higher." in page
    assert page.count("<dd>from $0.30</dd>") == 1  # for each approved clip
    assert "\nKling 2.5 Turbo Pro,0.6000,2,0,1,2," in table(admin_client, SPEND, "model").replace("\r", "")
    assert table(admin_client, SPEND, "day").splitlines()[1].startswith("2026-11-20,0.6000,2,0,1,")
    statement = text(admin_client, STATEMENT, month="2026-11")
    assert "Total of November 2026: <strong>from $0.60</strong>" in statement
    assert '<strong class="money">from $0.30</strong>' in statement
    assert '<strong class="money">$0.30</strong>' in statement
    assert "1 clip is charged at a starting price" in statement


def test_what_a_failure_would_have_cost_names_its_starting_prices(admin_client: Client) -> None:
    a_task(Status.FAILED, error_kind="content", price_is_minimum=True)
    assert table(admin_client, PROVIDERS, "failures").splitlines()[1] == "APIXO,content,1,100,0.3000,1,100"


def test_the_statement_has_a_poster_a_price_and_a_total(admin_client: Client) -> None:
    a_video(a_task(Status.STORED), poster="posters/lighthouse.jpg")
    page = text(admin_client, STATEMENT, month="2026-11")
    assert '<img src="/media/posters/lighthouse.jpg"' in page
    assert "Total of November 2026: <strong>$0.30</strong>" in page
    assert "practice: no real money" in page


@pytest.mark.parametrize("month", ["2026-13", "nonsense", "0000-00", "<script>"])
def test_what_is_no_month_is_said(admin_client: Client, month: str) -> None:
    page = refusal(admin_client, STATEMENT, month=month)
    assert "is not a month" in page
    assert "<script>”" not in page


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2020-01"])
def test_a_month_without_money_is_said(admin_client: Client, month: str) -> None:
    assert "Nothing was spent" in text(admin_client, STATEMENT, month=month)


@pytest.mark.parametrize("url", [SPEND, PROMPTS, PROVIDERS, STATEMENT])
def test_only_who_may_see_the_ledger_sees_reports(
    viewer_client: Client, viewer: User, client: Client, url: str
) -> None:
    assert viewer_client.get(url).status_code == 200
    viewer.user_permissions.clear()
    assert viewer_client.get(url).status_code == 403
    assert client.get(url).status_code == 302


def test_the_first_page_leads_to_the_reports(admin_client: Client) -> None:
    assert f'href="{SPEND}"' in text(admin_client, reverse("admin:index"))
