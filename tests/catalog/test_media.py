import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.signing import TimestampSigner
from django.test import Client
from django.urls import reverse

from generations.models import ReferenceImage, Video
from generations.models.images import LINK_LIFE_SECONDS, SIGNER
from tests.catalog.conftest import body, with_poster
from tests.factories import a_task, a_video, an_image
from tests.trees import a_file

CLOSED = {
    **dict.fromkeys(("videos", "posters", "small posters", "previews"), ("nobody",)),
    "images": ("nobody", "person"),
}


def address(kind: str) -> str:
    if kind == "images":
        return an_image().file.url
    video = with_poster(a_video(preview="previews/2026/a.mp4"))
    a_file(str(video.preview), b"a preview")
    stills = {"posters": video.poster_url, "small posters": video.small_poster_url}
    return {"videos": video.url, "previews": video.preview.url, **stills}[kind]


@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("who", ["nobody", "person", "staff"])
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-3"}, {"if-none-match": "*"}])
def test_who_may_not_see_a_file_is_told_that_there_is_none(
    kind: str, who: str, method: str, headers: dict[str, str], person: User, staff: User, client: Client
) -> None:
    if who != "nobody":
        client.force_login({"person": person, "staff": staff}[who])
    response = getattr(client, method)(address(kind), headers=headers)
    assert (response.status_code == 404) == (who in CLOSED[kind])


@pytest.mark.django_db
def test_a_stranger_is_refused_before_anything_is_looked_up(client: Client, django_assert_num_queries: Any) -> None:
    path = address("videos")
    with django_assert_num_queries(0):
        assert client.get(path).status_code == 404


def test_a_person_who_was_locked_out_sees_nothing(visitor: Client, person: User) -> None:
    person.is_active = False
    person.save()
    assert visitor.get(address("videos")).status_code == 404


def test_a_file_that_no_row_names_is_not_there(admin_client: Client, media_root: Path) -> None:
    a_video()
    for name in ("videos/2026/stray.mp4", "posters/2026/stray.jpg", "images/stray.png", "tmp/half.part", "top.mp4"):
        path = media_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"secret")
        assert admin_client.get(f"/media/{name}").status_code == 404, name


@pytest.mark.parametrize(
    "path",
    [
        "", "videos", "videos/", "videos/..", "../secret.txt", "videos/../../secret.txt", "videos/../tmp/half.part",
        "videos//etc/passwd", "/etc/passwd", "//etc/passwd", "videos/./a.mp4", "videos/.hidden", "videos/a\0.mp4",
        "videos\\..\\secret.txt", "videos/%2e%2e/secret.txt", "VIDEOS/a.mp4", "videos/" + "a" * 5000, "videos/a.mp4\n",
    ],
)  # fmt: skip
def test_no_way_leads_out_of_the_three_folders(admin_client: Client, media_root: Path, path: str) -> None:
    media_root.mkdir(parents=True, exist_ok=True)
    (media_root.parent / "secret.txt").write_bytes(b"secret")
    assert admin_client.get("/media/" + quote(path)).status_code == 404


@pytest.mark.parametrize("name", ["../secret.txt", "tmp/half.part", "/etc/hostname", "videos/../../secret.txt"])
def test_a_wrong_row_opens_nothing(admin_client: Client, media_root: Path, name: str) -> None:
    (media_root / "tmp").mkdir(parents=True)
    for path in (media_root.parent / "secret.txt", media_root / "tmp/half.part"):
        path.write_bytes(b"secret")
    Video.objects.filter(pk=a_video().pk).update(file=name, poster=name)
    assert admin_client.get("/media/" + name).status_code == 404


def test_a_poster_is_not_reached_as_a_video(visitor: Client) -> None:
    video = with_poster(a_video())
    Video.objects.filter(pk=video.pk).update(poster="videos/poster.jpg")
    (video.path.parent.parent / "poster.jpg").write_bytes(b"a poster")
    assert visitor.get("/media/videos/poster.jpg").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
def test_files_are_only_read(visitor: Client, method: str) -> None:
    assert getattr(visitor, method)(address("videos")).status_code == 405


@pytest.mark.parametrize(
    ("name", "kind"), [("a.jpg", "image/jpeg"), ("a.png", "image/png"), ("a.webp", "image/webp"), ("a.html", None)]
)
def test_the_type_comes_from_our_list(visitor: Client, name: str, kind: str | None) -> None:
    video = a_video(poster=f"posters/{name}")
    path = Path(video.poster.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"<script>")
    assert visitor.get(video.poster_url)["Content-Type"] == (kind or "application/octet-stream")


# --- Damaged clips


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-3"}, {"if-none-match": "*"}])
@pytest.mark.parametrize("query", ["", "?download=1"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_damaged_clip_is_refused_in_clear_words_and_not_remembered(
    visitor: Client, method: str, query: str, headers: dict[str, str]
) -> None:
    video = a_video(damage="its file has other bytes than were stored")
    response = getattr(visitor, method)(video.url + query, headers=headers)
    assert (response.status_code, response["Content-Type"]) == (410, "text/plain; charset=utf-8")
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response
    if method == "get":
        assert body(response).startswith(b"This clip's file is damaged")


def test_a_clip_that_was_cut_since_is_refused_before_the_daily_comparison_knows(
    visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    video = a_video(content=b"twelve bytes")
    video.path.write_bytes(b"twelve")
    assert visitor.get(video.url).status_code == 410
    assert f"video {video.pk} has 6 bytes instead of 12" in caplog.text


def test_a_repaired_clip_is_served_again(visitor: Client) -> None:
    video = a_video(damage="its file is missing")
    Video.objects.update(damage="")
    assert visitor.get(video.url).status_code == 200


@pytest.mark.django_db
def test_a_stranger_does_not_learn_that_a_clip_is_damaged(client: Client) -> None:
    assert client.get(a_video(damage="its file is missing").url).status_code == 404


def test_the_poster_of_a_damaged_clip_is_still_shown(visitor: Client) -> None:
    video = with_poster(a_video(damage="its file is missing"))
    assert visitor.get(video.poster_url).status_code == 200


# --- Downloads


def test_a_clip_is_shown_and_not_downloaded_unless_asked(visitor: Client) -> None:
    video = a_video(title="Neon rain")
    assert "Content-Disposition" not in visitor.get(video.url)
    response = visitor.get(video.url + "?download=1")
    name = f"2026-11-20_neon-rain_take1_{video.pk}.mp4"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert body(response) == b"not really a clip"


def test_a_download_that_was_cut_goes_on_under_its_name(visitor: Client) -> None:
    response = visitor.get(a_video().url + "?download=1", headers={"range": "bytes=4-"})
    assert response.status_code == 206
    assert response["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ('a "quoted" clip', "a-quoted-clip"),
        ("one\r\nSet-Cookie: a=b", "one-set-cookie-ab"),
        ("../../etc/passwd", "etcpasswd"),
        ("C:\\Windows\\con", "cwindowscon"),
        ("...", ""),
        ("\u202egpj.exe", "gpjexe"),
        ("🦊", ""),
    ],
)
@pytest.mark.django_db
def test_a_title_makes_a_safe_name(visitor: Client, title: str, words: str) -> None:
    video = a_video()
    Video.objects.filter(pk=video.pk).update(title=title)
    response = visitor.get(video.url + "?download=1")
    name = f"2026-11-20_{words}_take1_{video.pk}.mp4".replace("__", "_")
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


def test_a_title_in_another_script_keeps_its_letters(visitor: Client) -> None:
    video = a_video(title="Ночной поезд")
    response = visitor.get(video.url + "?download=1")
    name = quote(f"2026-11-20_ночной-поезд_take1_{video.pk}.mp4")
    assert response["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"


# --- Start images for the provider


def link(image: ReferenceImage, signed: str | None = None, extension: str = "png") -> str:
    return reverse("reference_image", args=[signed or SIGNER.sign(str(image.pk)), extension])


@pytest.mark.django_db
def test_a_provider_fetches_a_start_image_without_an_account(client: Client) -> None:
    image = an_image(b"a picture")
    address = image.provider_url().removeprefix(settings.PUBLIC_URL)
    response = client.get(address)
    assert (response.status_code, body(response)) == (200, b"a picture")
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"].startswith("private")
    assert client.head(address).status_code == 200
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_a_link_that_is_not_ours_opens_nothing(client: Client) -> None:
    image = an_image()
    good = SIGNER.sign(str(image.pk))
    for bad in (
        str(image.pk),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace(f"{image.pk}:", f"{image.pk + 1}:"),
        TimestampSigner(salt="another").sign(str(image.pk)),
        SIGNER.sign("nonsense"),
        SIGNER.sign("99999"),
    ):
        assert client.get(link(image, bad)).status_code == 404, bad


@pytest.mark.django_db
def test_a_link_has_one_extension(client: Client) -> None:
    assert client.get(link(an_image(), extension="mp4")).status_code == 404


@pytest.mark.django_db
def test_a_link_is_made_when_the_order_is_sent_however_long_it_waited(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = a_task(mode="image-to-video", start_image=an_image())
    real = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: real + 5 * LINK_LIFE_SECONDS)
    assert client.get(task.order().start_image.removeprefix(settings.PUBLIC_URL)).status_code == 200


@pytest.mark.django_db
def test_a_link_is_good_for_a_week(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    image = an_image()
    address = link(image)
    real = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: real + LINK_LIFE_SECONDS - 60)
    assert client.get(address).status_code == 200
    monkeypatch.setattr("django.core.signing.time.time", lambda: real + LINK_LIFE_SECONDS + 60)
    assert client.get(address).status_code == 404
