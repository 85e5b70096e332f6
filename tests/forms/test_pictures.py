"""What a form says that it continues is what this site told it."""

from __future__ import annotations

import pytest
from django.core import signing
from django.core.exceptions import ValidationError

from generations.forms.pictures import SALT, Continuation
from generations.models import Status
from tests.factories import a_task, an_image

pytestmark = pytest.mark.django_db


def test_a_token_says_which_frame_of_which_task_it_is() -> None:
    found = Continuation(a_task(Status.STORED), 4.875, an_image().pk)
    assert Continuation.read(found.sign()) == found
    assert str(found) == f"Continues Task {found.task.pk} from the frame at 4.88 s"


def test_a_task_that_continues_one_says_so_and_others_nothing() -> None:
    first, image = a_task(Status.STORED), an_image()
    task = a_task(start_image=image, continued_from=first, continued_at_seconds=4.5)
    assert Continuation.of(task) == Continuation(first, 4.5, image.pk)
    assert Continuation.of(first) is None


def test_other_tokens_are_refused() -> None:
    gone, foreign = signing.dumps([99, 1.0, 1], salt=SALT), signing.dumps([1, 1.0, 1], salt="another")
    for token in (gone, foreign, "x"):
        with pytest.raises(ValidationError, match="choose it again"):
            Continuation.read(token)
