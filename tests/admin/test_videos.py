"""Videos: watched, titled, described; their facts stay."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.factories import a_prompt, a_task, a_video

LIST = reverse("admin:generations_video_changelist")


def change(pk: int) -> str:
    return reverse("admin:generations_video_change", args=[pk])


def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        a_video()
    admin_client.get(LIST)
    with django_assert_max_num_queries(12):
        admin_client.get(LIST)


def test_a_row_shows_poster_length_size_sound_and_what_differs(admin_client: Client) -> None:
    a_video(poster="posters/a.jpg", has_audio=True, differences=["4.0 s long, 5 s were ordered"])
    page = admin_client.get(LIST).content.decode()
    for words in ("/media/posters/a.jpg", "0:05", "1280 × 720", "with sound", "4.0 s long, 5 s were ordered"):
        assert words in page


def test_the_page_plays_the_clip_and_leads_to_task_prompt_and_catalog(admin_client: Client) -> None:
    video = a_video(poster="posters/a.jpg")
    page = admin_client.get(change(video.pk)).content.decode()
    assert f'<video class="player" src="{video.url}" poster="/media/posters/a.jpg" controls loop' in page
    for link in (video.get_absolute_url(), video.task.get_absolute_url(), video.task.prompt.get_absolute_url()):
        assert f'href="{link}"' in page


def test_title_and_description_are_all_that_can_be_changed(admin_client: Client) -> None:
    video = a_video()
    data = {"title": "Harbour", "description": "at dawn", "file": "../../etc/passwd", "has_audio": "on", "task": "1"}
    admin_client.post(change(video.pk), data)
    before = video.file
    video.refresh_from_db()
    assert (video.title, video.description, video.file, video.has_audio) == ("Harbour", "at dawn", before, False)


def test_a_viewer_changes_nothing(viewer_client: Client) -> None:
    video = a_video()
    assert viewer_client.get(change(video.pk)).status_code == 200
    assert viewer_client.post(change(video.pk), {"title": "mine"}).status_code == 403


def test_search_finds_by_title_and_prompt(admin_client: Client) -> None:
    video = a_video(a_task("stored", prompt=a_prompt(text="grey cranes"), prompt_text="grey cranes"), title="Harbour")
    a_video()
    for words in ("Harbour", "grey cranes"):
        assert [row.pk for row in admin_client.get(LIST, {"q": words}).context["cl"].result_list] == [video.pk]
