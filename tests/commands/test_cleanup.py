"""`manage.py cleanup`."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from generations.models import Status, Video
from tests.factories import NOW, a_task, a_video

pytestmark = pytest.mark.django_db


def cleanup(*arguments: str) -> str:
    out = io.StringIO()
    call_command("cleanup", *arguments, stdout=out)
    return out.getvalue()


def test_a_dry_run_tells_and_the_real_run_does() -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=NOW - timedelta(days=400)))
    assert cleanup("--dry-run") == "1 expired URLs would be blanked.\n"
    assert Video.objects.get().source_url
    assert json.loads(cleanup("--json"))["blanked"] == [video.pk]
    assert not Video.objects.get().source_url


def test_what_is_kept_is_told_with_its_reason() -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=NOW - timedelta(days=400)))
    video.path.unlink()
    assert f"video {video.pk}: URL not blanked, its file is not complete, or not decoded yet." in cleanup()
