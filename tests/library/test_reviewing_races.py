"""Three people decide about the takes of one shot at the same moment: each clip has one history, without a gap."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.db import connection

from generations.library import publishing, reviewing
from generations.library.publishing import Answers
from generations.library.reviewing import MoveRefused
from generations.models import Review, Shot, Video
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15
ANSWERS = Answers(could_seem_real=True, is_labelled=True)

Act = Callable[[Video, User], object]
RACES: dict[str, tuple[Act, Act, Act]] = {
    "published, rejected and sent back": (
        lambda video, by: publishing.publish(video, ANSWERS, at=NOW, by=by),
        lambda video, by: reviewing.judge(video, Review.REJECTED, at=NOW, by=by),
        lambda video, by: reviewing.send_back(video, "too dark", at=NOW, by=by),
    ),
    "approved twice, and cleared": (
        lambda video, by: reviewing.judge(video, Review.APPROVED, at=NOW, by=by),
        lambda video, by: reviewing.judge(video, Review.APPROVED, at=NOW, by=by),
        lambda video, by: reviewing.judge(video, Review.UNDECIDED, at=NOW, by=by),
    ),
}


@pytest.mark.parametrize("name", RACES)
def test_people_who_decide_at_once_decide_one_after_another(name: str) -> None:
    by = User.objects.create(username="mira")
    for _ in range(ROUNDS):
        video = a_video()
        other = a_video(shot_id=video.shot_id)
        for each in (other, video) if "published" in name else (other,):
            reviewing.judge(each, Review.APPROVED, at=NOW, by=by)
        at_once(RACES[name], video.pk, by)
        video.refresh_from_db()
        moves = [(event.was, event.now) for event in video.events.order_by("pk")]
        assert all(before[1] == after[0] for before, after in pairwise(moves)), moves
        assert video.state == (moves[-1][1] if moves else "draft")
        assert Shot.objects.get(pk=video.shot_id).chosen == other  # the first approved, whatever became of the second


def at_once(acts: tuple[Act, Act, Act], pk: int, by: User) -> None:
    barrier = threading.Barrier(len(acts))

    def enter(act: Act) -> None:
        try:
            video = Video.objects.select_related("task").get(pk=pk)
            barrier.wait(30)
            act(video, by)
        except MoveRefused:
            pass  # a person is told so
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(enter, act) for act in acts]:
            done.result()
