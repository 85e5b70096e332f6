"""Whether an order may go out now."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from generations.lifecycle import capacity
from generations.media.store import LocalStore
from generations.models import Pause
from tests.factories import NOW


def test_a_disk_that_cannot_be_used_takes_no_clip(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    assert capacity.clips_that_fit(0) == 0


@pytest.mark.django_db
def test_why_no_order_goes_out_is_said_in_words(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.DOWNLOAD_MAX_MB = tmp_path, 0
    assert (capacity.why_paused("apixo", "kling-2-6"), capacity.obstacles()) == ("", [])
    settings.DOWNLOAD_MAX_MB = 10**12
    assert "no room" in capacity.why_paused("apixo", "kling-2-6")
    Pause.objects.create(provider="apixo", reason="Insufficient credits", paused_at=NOW)
    assert "Insufficient credits" in capacity.why_paused("apixo", "kling-2-6")


@pytest.mark.django_db
def test_a_models_pause_holds_back_its_own_orders_only(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.DOWNLOAD_MAX_MB = tmp_path, 0
    Pause.objects.create(provider="apixo", model="kling-2-6", reason="403: no access", paused_at=NOW)
    words = "Orders of Kling 2.6 to APIXO are paused until someone resumes them: 403: no access"
    assert capacity.why_paused("apixo", "kling-2-6") == words
    assert capacity.why_paused("apixo", "kling-2-1") == capacity.why_paused("apikley", "kling-2-6") == ""
    assert capacity.obstacles() == [words]


def test_a_full_disk_takes_no_clip(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.DOWNLOAD_MAX_MB = 512
    free = {"free": 512_000_000}
    monkeypatch.setattr(LocalStore, "free_bytes", lambda store: free["free"])
    assert capacity.clips_that_fit(0) == 0
    free["free"] += 10 * capacity.CLIP_MB * 1_000_000
    assert capacity.clips_that_fit(0) == 10
    assert capacity.clips_that_fit(4) == 6
    assert capacity.clips_that_fit(40) == 0
