"""What the catalog's pages show of a clip that is damaged."""

from __future__ import annotations

from django.test import Client

from tests.factories import a_video


def test_its_card_says_so(visitor: Client) -> None:
    a_video()
    assert "Damaged" not in visitor.get("/").content.decode()
    a_video(damage="its file is missing")
    assert visitor.get("/").content.decode().count('<span class="pill bad">Damaged</span>') == 1


def test_its_page_says_what_is_wrong_and_offers_neither_player_nor_download(visitor: Client) -> None:
    video = a_video(damage="its file has other bytes than were stored")
    page = visitor.get(video.get_absolute_url()).content.decode()
    assert "It is hidden: its file has other bytes than were stored." in page
    assert "<video" not in page
    assert "download" not in page


def test_a_whole_clips_page_has_both(visitor: Client) -> None:
    video = a_video()
    page = visitor.get(video.get_absolute_url()).content.decode()
    assert "amaged" not in page
    assert "<video" in page
    assert f'href="{video.url}?download=1"' in page


def test_a_clip_that_arrived_damaged_says_so_on_its_card_and_its_page_and_still_plays(visitor: Client) -> None:
    video = a_video(arrived_damaged="a part of its picture is damaged")
    assert '<span class="pill bad">Arrived damaged</span>' in visitor.get("/").content.decode()
    page = visitor.get(video.get_absolute_url()).content.decode()
    assert "The provider delivered this clip damaged: a part of its picture is damaged." in page
    assert "<video" in page
