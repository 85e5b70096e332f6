"""After an edit, a decision or an action one comes back to the list with the filters that it had."""

from __future__ import annotations

from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from generations.models import Status
from tests.factories import a_task, a_video

VIDEOS = reverse("admin:generations_video_changelist")
TASKS = reverse("admin:generations_generationtask_changelist")
FILTERS = "practice__exact=1&q=dawn"
KEPT = urlencode({"_changelist_filters": FILTERS})


def test_a_clip_that_was_saved_leads_back_to_the_list_as_it_was(admin_client: Client) -> None:
    page = f"{reverse('admin:generations_video_change', args=[a_video().pk])}?{KEPT}"
    rows = admin_client.get(f"{VIDEOS}?{FILTERS}").content.decode()
    assert rows.count(f'href="{page}"') == 2  # its poster and its title
    assert f'<a href="{VIDEOS}?{FILTERS.replace("&", "&amp;")}">Videos</a>' in admin_client.get(page).content.decode()
    saved = admin_client.post(page, {"title": "Harbour", "description": ""})
    assert saved["Location"] == f"{VIDEOS}?{FILTERS}"


def test_a_decision_on_a_clip_keeps_them(admin_client: Client) -> None:
    video = a_video()
    page = reverse("admin:generations_video_change", args=[video.pk])
    judge = f"{reverse('admin:generations_video_judge', args=[video.pk])}?{KEPT}"
    assert f'action="{judge}"' in admin_client.get(f"{page}?{KEPT}").content.decode()
    for verdict in ("approved", "nonsense"):
        assert admin_client.post(judge, {"verdict": verdict})["Location"] == f"{page}?{KEPT}"


def test_an_action_on_a_task_keeps_them(admin_client: Client) -> None:
    task = a_task(Status.QUEUED)
    cancel = f"{reverse('admin:generations_task_cancel', args=[task.pk])}?{KEPT}"
    page = admin_client.get(f"{task.get_absolute_url()}?{KEPT}").content.decode()
    assert f'action="{cancel}"' in page
    live = f"{reverse('admin:generations_generationtask_live', args=[task.pk])}?{KEPT}"
    assert f'data-live-url="{live}"' in page
    assert f'action="{cancel}"' in admin_client.get(live).content.decode()
    assert admin_client.post(cancel)["Location"] == f"{task.get_absolute_url()}?{KEPT}"


def test_balances_are_read_and_the_list_keeps_its_filters(admin_client: Client) -> None:
    now = reverse("admin:generations_balancereading_now")
    back = admin_client.post(f"{now}?provider=apixo")["Location"]
    assert back == f"{reverse('admin:generations_balancereading_changelist')}?provider=apixo"
