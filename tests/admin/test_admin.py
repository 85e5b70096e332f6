"""What holds for every page: who gets in, and what is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generations.models import GenerationTask, LedgerEntry, Pause, Prompt, ReferenceImage, Status, TaskEvent, Video
from tests.factories import NOW, a_budget, a_campaign, a_task, a_video

LISTS = [
    "prompt",
    "generationtask",
    "video",
    "referenceimage",
    "price",
    "ledgerentry",
    "pause",
    "tag",
    "budget",
    "campaign",
]
FOR_VIEWERS = ["prompt", "generationtask", "video", "referenceimage", "price", "ledgerentry", "budget", "campaign"]


def url(model: str, page: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:generations_{model}_{page}", args=args)


def an_image(tmp_path: Any) -> ReferenceImage:
    return ReferenceImage.objects.create(
        file="images/a.png", sha256="0" * 64, width=10, height=10, original_name="a.png"
    )


@pytest.mark.parametrize("name", ["schedule", "success", "failure", "ormq"])
def test_the_pages_of_django_q_are_gone(admin_client: Client, name: str) -> None:
    assert admin_client.get(f"/admin/django_q/{name}/").status_code == 404
    assert admin_client.get("/admin/django_q/").status_code == 404


def test_django_q_has_no_row_on_the_first_page() -> None:
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]


def test_the_site_has_its_name_and_leads_back_to_the_catalog(admin_client: Client) -> None:
    page = admin_client.get("/admin/").content.decode()
    assert "Kling Studio" in page
    assert '<a href="/">View site</a>' in page


@pytest.mark.parametrize("model", LISTS)
def test_every_list_opens_empty_and_is_searched(admin_client: Client, model: str) -> None:
    assert admin_client.get(url(model)).status_code == 200
    assert admin_client.get(url(model), {"q": "<b>7"}).status_code in (200, 302)


@pytest.mark.parametrize("model", LISTS)
def test_whoever_is_not_signed_in_is_asked_to(client: Client, db: None, model: str) -> None:
    response = client.get(url(model))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("model", FOR_VIEWERS)
def test_viewers_see_the_lists_and_can_add_nothing(viewer_client: Client, model: str) -> None:
    assert viewer_client.get(url(model)).status_code == 200
    assert viewer_client.get(url(model, "add")).status_code == 403


@pytest.mark.parametrize("model", ["pause", "tag"])
def test_what_a_viewer_has_no_right_to_is_refused(viewer_client: Client, model: str) -> None:
    assert viewer_client.get(url(model)).status_code == 403


@pytest.mark.parametrize("model", ["generationtask", "video", "referenceimage", "ledgerentry", "pause"])
def test_not_even_a_superuser_adds_what_the_program_writes(admin_client: Client, model: str) -> None:
    assert admin_client.get(url(model, "add")).status_code == 403


def test_not_even_a_superuser_changes_or_deletes_facts(admin_client: Client, tmp_path: Any) -> None:
    video = a_video()
    image = an_image(tmp_path)
    entry = video.task.entries.get(kind="hold")
    for model, row in (("generationtask", video.task), ("referenceimage", image), ("ledgerentry", entry)):
        assert admin_client.get(url(model, "change", row.pk)).status_code == 200
        assert admin_client.post(url(model, "change", row.pk), {}).status_code == 403
        assert admin_client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert admin_client.post(url("video", "delete", video.pk), {"post": "yes"}).status_code == 403


def test_opening_every_page_changes_nothing(admin_client: Client, tmp_path: Any) -> None:
    Pause.objects.create(provider="apixo", reason="402", paused_at=NOW)
    image = an_image(tmp_path)
    video = a_video()
    tasks = [a_task(status) for status in Status]
    pages = [reverse("admin:index"), *(url(model) for model in LISTS)]
    pages += [url("generationtask", "change", task.pk) for task in tasks]
    pages += [url("generationtask", "live", task.pk) for task in tasks]
    pages += [url("generationtask", "live_list"), url("video", "change", video.pk), url("prompt", "add")]
    pages += [url("prompt", page, video.task.prompt_id) for page in ("change", "generate", "price")]
    pages += [url("referenceimage", "change", image.pk), url("pause", "change", Pause.objects.get().pk)]
    before = snapshot()
    for page in pages:
        assert admin_client.get(page).status_code == 200, page
    assert snapshot() == before


def snapshot() -> list[Any]:
    rows = (GenerationTask, LedgerEntry, TaskEvent, Prompt, Video, Pause, ReferenceImage)
    return [list(model._default_manager.order_by("pk").values()) for model in rows]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_people_and_providers_write_is_escaped_everywhere(
    admin_client: Client, text: str, said: Callable[[Any], list[str]]
) -> None:
    campaign = a_campaign(text, slug="x")
    budget = a_budget("0.60", scope="campaign", campaign=campaign, at=timezone.now())
    prompt = Prompt.objects.create(text=text, title=text, notes=text, campaign=campaign)
    task = a_task(Status.FAILED, prompt=prompt, prompt_text=text, campaign=campaign, error_kind="content",
                  error_code=text, error_message=text, remote_state=text)  # fmt: skip
    task.note(text, at=NOW)
    video = a_video(
        title=text, description=text, differences=[text], task=a_task(Status.STORED, prompt=prompt, campaign=campaign)
    )
    Pause.objects.create(provider="apixo", reason=text, paused_at=NOW)
    pages = [reverse("admin:index"), url("generationtask"), url("generationtask", "change", task.pk)]
    pages += [url("generationtask", "live", task.pk), url("generationtask", "live_list"), url("ledgerentry")]
    pages += [url("prompt"), url("prompt", "change", prompt.pk), url("prompt", "generate", prompt.pk)]
    pages += [
        url("video"),
        url("video", "change", video.pk),
        url("pause"),
        url("pause", "change", Pause.objects.get().pk),
    ]
    pages += [
        url("campaign"),
        url("campaign", "change", campaign.pk),
        url("budget"),
        url("ledgerentry", "correct", task.pk),
    ]
    pages += [url("budget", "change", budget.pk)]
    for page in pages:
        assert text not in admin_client.get(page).content.decode(), page


def test_no_page_has_an_inline_script_or_style(admin_client: Client) -> None:
    video = a_video()
    pages = [reverse("admin:index"), *(url(model) for model in LISTS)]
    pages += [url("generationtask", "change", video.task_id), url("video", "change", video.pk)]
    pages += [url("prompt", page, video.task.prompt_id) for page in ("change", "generate")]
    for page in pages:
        html = admin_client.get(page).content.decode()
        assert "<style" not in html, page
        assert " style=" not in html, page
        assert " onclick=" not in html, page
        assert "<script>" not in html, page
