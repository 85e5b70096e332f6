"""Videos: watched, titled, described; their facts stay."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generations.models import Review, Status, Video
from tests.factories import NOW, a_prompt, a_task, a_video

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
    a_video(poster="posters/a.jpg", has_audio=True, differences=["4.0 s long, but 5 s were ordered"])
    page = admin_client.get(LIST).content.decode()
    for words in ("/media/posters/a.jpg", "0:05", "1280 × 720", "with sound", "4.0 s long, but 5 s were ordered"):
        assert words in page


def test_the_page_plays_the_clip_and_leads_to_task_prompt_and_catalog(admin_client: Client) -> None:
    video = a_video(poster="posters/a.jpg")
    page = admin_client.get(change(video.pk)).content.decode()
    assert f'<video class="player" src="{video.url}" poster="/media/posters/a.jpg" controls loop' in page
    for link in (video.get_absolute_url(), video.task.get_absolute_url(), video.task.prompt.get_absolute_url()):
        assert f'href="{link}"' in page


def test_the_page_says_where_the_clip_came_from_and_not_what_opens_it_there(admin_client: Client) -> None:
    video = a_video(source_url="https://cdn.example.com/clip.mp4?X-Amz-Signature=abc")
    page = admin_client.get(change(video.pk)).content.decode()
    assert "https://cdn.example.com/clip.mp4?…" in page
    assert "X-Amz-Signature" not in page


def test_a_clip_leads_to_all_that_is_made_from_it_and_so_does_its_task(admin_client: Client) -> None:
    clip = a_video()
    page = admin_client.get(change(clip.pk)).content.decode()
    frames = reverse("admin:generations_video_frame", args=[clip.pk])
    for address in (frames, f"?video={clip.pk}", clip.task.get_absolute_url()):
        assert f'{address}"' in page
    assert f'href="{frames}"' in admin_client.get(clip.task.get_absolute_url()).content.decode()


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
    video = a_video(
        a_task(Status.STORED, prompt=a_prompt(text="grey cranes"), prompt_text="grey cranes"), title="Harbour"
    )
    a_video()
    for words in ("Harbour", "grey cranes"):
        assert [row.pk for row in admin_client.get(LIST, {"q": words}).context["cl"].result_list] == [video.pk]


def test_a_damaged_clip_has_a_badge_and_its_reason_and_is_found_by_the_filter(admin_client: Client) -> None:
    video, whole = a_video(damage="its file has 3 bytes instead of 17"), a_video()
    page = admin_client.get(LIST).content.decode()
    assert page.count('<span class="badge badge-bad">damaged</span>') == 1
    assert "its file has 3 bytes instead of 17" in page
    for value, found in (("yes", [video.pk]), ("no", [whole.pk])):
        assert [row.pk for row in admin_client.get(LIST, {"damaged": value}).context["cl"].result_list] == found


def test_the_page_of_a_damaged_clip_says_so_where_the_player_was(admin_client: Client) -> None:
    video = a_video(damage="its file is missing")
    page = admin_client.get(change(video.pk)).content.decode()
    assert "<strong>This clip is damaged</strong> and is not shown: its file is missing." in page
    assert "<video" not in page
    assert "It stays charged, and the download costs nothing." in page
    assert reverse("admin:generations_video_frame", args=[video.pk]) not in page
    Video.objects.update(source_url="")
    page = admin_client.get(change(video.pk)).content.decode()
    assert f'<a href="{video.task.get_absolute_url()}">another take</a>, which is charged too.' in page


def test_the_page_says_when_the_file_was_compared_last(admin_client: Client) -> None:
    page = admin_client.get(change(a_video(checked_at=NOW).pk)).content.decode()
    assert "20 Nov 2026, 12:00" in page.split("File last checked")[1]


def test_a_clip_that_arrived_damaged_is_flagged_explained_and_found_by_the_filter(admin_client: Client) -> None:
    video, whole = a_video(arrived_damaged="a part of its picture is damaged"), a_video()
    page = admin_client.get(LIST).content.decode()
    assert page.count('<span class="badge badge-bad">arrived damaged</span>') == 1
    for value, found in (("arrived", [video.pk]), ("yes", []), ("no", [whole.pk])):
        assert [row.pk for row in admin_client.get(LIST, {"damaged": value}).context["cl"].result_list] == found
    page = admin_client.get(change(video.pk)).content.decode()
    assert "<strong>This clip arrived damaged:</strong> a part of its picture is damaged." in page
    assert "no better one is to be expected" in page
    assert "<video" in page
    Video.objects.update(decode_due_at=NOW)
    assert "downloaded once more" in admin_client.get(change(video.pk)).content.decode()
    assert "arrived damaged" not in admin_client.get(change(whole.pk)).content.decode()


def test_what_a_damaged_file_does_not_say_is_unknown(admin_client: Client) -> None:
    video = a_video(arrived_damaged="it is cut", width=0, height=0, fps=0.0)
    page = admin_client.get(change(video.pk)).content.decode()
    assert page.count("unknown") >= 2
    assert "0 × 0" not in page + admin_client.get(video.get_absolute_url()).content.decode()


def test_the_page_says_whether_every_frame_was_decoded(admin_client: Client) -> None:
    video = a_video(decoded_at=None, decode_due_at=NOW)
    assert "not yet: in the background" in admin_client.get(change(video.pk)).content.decode()


def test_a_new_title_is_found_by_searches(admin_client: Client) -> None:
    video, other = a_video(), a_video(words="as it was")
    admin_client.post(change(video.pk), {"title": "Füchse", "description": "im Schnee"})
    video.refresh_from_db()
    assert video.words.startswith("fuchse im schnee a lighthouse")
    assert Video.objects.get(pk=other.pk).words == "as it was"


def test_staff_of_a_group_without_drafts_meet_no_clip_of_others_before_it_is_approved(db: None, client: Client) -> None:
    person = User.objects.create_user("client", is_staff=True)
    group = Group.objects.create(name="Clients")
    group.permissions.set(
        Permission.objects.filter(codename__in=["view_video", "view_generationtask", "view_prompt", "order_clips"])
    )
    person.groups.add(group)
    client.force_login(person)
    draft = a_video(title="A hidden draft", poster="posters/hidden.jpg")
    task = a_task(Status.STORED, continued_from=draft.task, continued_at_seconds=4.5)
    chosen = a_video(task, title="A chosen clip", review=Review.APPROVED, reviewed_at=NOW)
    assert list(client.get(LIST).context["cl"].result_list) == [chosen]
    generate = reverse("admin:generations_prompt_generate", args=[draft.task.prompt_id])
    tasks = reverse("admin:generations_generationtask_changelist")
    own = (
        change(draft.pk),
        change(chosen.pk),
        task.get_absolute_url(),
        draft.task.get_absolute_url(),
        draft.task.prompt.get_absolute_url(),
    )
    for path in (LIST, tasks, *own, "/admin/", "/admin/search/?q=hidden", f"{generate}?video={draft.pk}"):
        page = client.get(path, follow=True).content.decode()
        assert "A hidden draft" not in page
        assert "posters/hidden" not in page
