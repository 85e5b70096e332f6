"""The jobs and their schedules."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from pytest_django import Settings

from generations import wakeups
from generations.integrity import late_decode
from generations.integrity import reconcile as reconciling
from generations.lifecycle import saving
from generations.media import frames
from generations.models import Lease, Status, Video
from generations.wakeups import BACKGROUND
from generations.worker import background, jobs
from tests.factories import a_task
from tests.notices.telling import an_endpoint, fail, someone
from tests.trees import a_complete_video

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_schedules_are_written_once_and_older_ones_go() -> None:
    Schedule.objects.create(name="sweep", func="generations.worker.jobs.sweep")  # of an older version
    jobs.load_schedules()
    jobs.load_schedules()
    assert set(Schedule.objects.values_list("name", flat=True)) == set(jobs.SCHEDULES)


def test_loading_the_schedules_again_does_not_put_them_off() -> None:
    jobs.load_schedules()
    before = list(Schedule.objects.order_by("id").values_list("next_run", flat=True))
    jobs.load_schedules()
    assert list(Schedule.objects.order_by("id").values_list("next_run", flat=True)) == before


def test_a_heartbeat_is_recorded() -> None:
    assert not Lease.objects.is_worker_alive()
    jobs.heartbeat()
    assert Lease.objects.is_worker_alive()


def test_a_fault_while_saving_is_on_the_timeline_and_the_row_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(task_id: int) -> bool:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(saving, "save", fail)
    task = a_task(Status.READY, source_expires_at=timezone.now() + timedelta(days=1), due_at=timezone.now())
    assert not jobs.save(task.pk)
    task.refresh_from_db()
    assert (task.status, task.failures, task.error_message) == (Status.READY, 1, "a fault of our own: RuntimeError")


def test_the_daily_clean_up_says_what_it_did(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        jobs.cleanup()
    assert "0 expired URLs removed" in caplog.text


def test_the_daily_comparison_ends_when_all_clips_had_their_turn(caplog: pytest.LogCaptureFixture) -> None:
    video = a_complete_video()
    with caplog.at_level("INFO"):
        jobs.reconcile()
    video.refresh_from_db()
    assert video.checked_at
    assert OrmQ.objects.count() == 0
    assert "1 clips compared" in caplog.text
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    with caplog.at_level("INFO"):
        jobs.reconcile()
    assert "0 clips compared" in caplog.text  # it was compared today


def test_a_slice_that_leaves_clips_enqueues_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RECONCILE_SECONDS", 0.0)
    monkeypatch.setattr(reconciling, "PORTION_BYTES", 1)
    for _ in range(2):
        a_complete_video()
    for left in (1, 0):
        jobs.reconcile()
        assert Video.objects.filter(checked_at=None).count() == left
    assert OrmQ.objects.count() == 2


def test_what_remains_for_a_person_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    a_task(Status.LOST)
    jobs.reconcile()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "1 remain for a person" in caplog.text


def test_while_another_run_is_under_way_the_job_ends_at_once_and_enqueues_nothing() -> None:
    Lease.objects.take(reconciling.LEASE, seconds=60)
    assert jobs.reconcile() == "another run is under way"
    assert OrmQ.objects.count() == 0


def test_a_slice_with_a_download_ends_before_the_queues_timeout(settings: Settings) -> None:
    assert settings.Q_CLUSTER["timeout"] > jobs.RECONCILE_SECONDS + settings.DOWNLOAD_DEADLINE_SECONDS


@pytest.mark.parametrize("has_more", [True, False])
def test_background_work_goes_on_while_there_is_more(has_more: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "work", lambda: has_more)
    assert jobs.background() is has_more
    assert OrmQ.objects.count() == has_more


def test_a_piece_of_background_work_ends_before_the_queues_timeout(settings: Settings) -> None:
    """A slice, and after it one clip: decoded, fetched again, verified and decoded again."""
    longest = background.SLICE_SECONDS + 3 * frames.DECODE_SECONDS + late_decode.FETCH_SECONDS
    assert settings.Q_CLUSTER["timeout"] > longest


def test_what_happened_is_told_by_a_job_of_the_background() -> None:
    anna = someone("anna")
    fail(anna)
    an_endpoint("http://127.0.0.1:9/")
    assert jobs.derive_notices() == 1
    assert OrmQ.objects.get().key == BACKGROUND
    assert jobs.send_notices() == "0 digests, 1 webhooks"
    OrmQ.objects.all().delete()
    assert jobs.derive_notices() == 0
    assert OrmQ.objects.count() == 0  # the next try is not due yet


def test_webhooks_wait_while_ordinary_jobs_do() -> None:
    fail(None)
    an_endpoint("http://127.0.0.1:9/")
    jobs.derive_notices()
    wakeups.enqueue_save(1)
    assert jobs.send_notices() == "0 digests, 0 webhooks"
