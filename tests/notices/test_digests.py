"""Digests: who gets one, when, in which language, and each notice in one of them at most."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from django.utils.translation import get_language
from pytest_django import Settings

from generations.models import Happening, HowOften, Notice, NoticeChoice, NoticeKind
from generations.notices import digests, wording
from generations.notices.deriving import derive
from tests.factories import NOW
from tests.notices.telling import fail, someone

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def anna() -> User:
    """Someone whose failures are mailed once an hour."""
    person = someone("anna")
    NoticeChoice.objects.create(person=person, mailed=[NoticeKind.FAILED], how_often=HowOften.HOURLY)
    return person


def send(person: User, failures: int = 1, *, at: object = NOW) -> int:
    for _ in range(failures):
        fail(person)
    derive(at=NOW)
    return digests.send_due(at=at)  # type: ignore[arg-type]


def html_of(message: mail.EmailMessage) -> str:
    assert isinstance(message, mail.EmailMultiAlternatives)
    return str(message.alternatives[0][0])


def test_a_digest_says_what_happened_with_links(anna: User) -> None:
    assert send(anna, 2) == 1
    (message,) = mail.outbox
    task = Notice.objects.latest("pk").happening.row
    assert (message.to, message.subject) == (["anna@example.com"], "Kling Studio: 2 notices")
    for text in (str(message.body), html_of(message)):
        assert text.count("failed and was not charged: the prompt was refused") == 2
        assert f"http://127.0.0.1:8000/admin/generations/generationtask/{task}/change/" in text
        assert "http://127.0.0.1:8000/admin/notices/mine/" in text


def test_a_notice_is_mailed_once_and_nothing_is_mailed_when_there_is_nothing(anna: User) -> None:
    assert send(anna) == 1
    assert send(anna, 0, at=NOW + 2 * HOUR) == 0
    assert len(mail.outbox) == 1


def test_the_next_digest_waits_its_hour(anna: User) -> None:
    send(anna)
    assert send(anna, at=NOW + HOUR / 2) == 0
    assert send(anna, 0, at=NOW + HOUR) == 1


def test_a_daily_digest_waits_a_day(anna: User) -> None:
    NoticeChoice.objects.update(how_often=HowOften.DAILY)
    send(anna)
    assert send(anna, at=NOW + 23 * HOUR) == 0
    assert send(anna, 0, at=NOW + 24 * HOUR) == 1


def test_many_notices_are_shown_to_a_limit_and_the_rest_counted(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "SHOWN", 2)
    send(anna, 5)
    (message,) = mail.outbox
    assert "And 3 more." in message.body
    assert str(message.body).count("was refused") == 2
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_it_comes_in_the_language_that_its_person_chose(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    languages: list[str] = []

    def sentence(happening: Happening) -> str:
        languages.append(get_language() or "")
        return "algo"

    monkeypatch.setattr(wording, "sentence", sentence)
    NoticeChoice.objects.update(language="es")
    send(anna)
    assert languages == ["es"]
    assert '<html lang="es">' in html_of(mail.outbox[0])


@pytest.mark.parametrize("changes", [{"is_active": False}, {"is_staff": False}, {"email": ""}])
def test_no_mail_goes_to_who_left_or_has_no_address(anna: User, changes: dict[str, object]) -> None:
    fail(anna)
    derive(at=NOW)
    User.objects.filter(pk=anna.pk).update(**changes)
    assert send(anna, 0) == 0


def test_what_a_person_may_not_see_any_more_is_not_mailed(anna: User) -> None:
    fail(anna)
    derive(at=NOW)
    anna.groups.set(Group.objects.filter(name="none"))
    assert send(anna, 0) == 0


def test_never_is_never_and_what_was_read_in_the_admin_is_not_mailed(anna: User) -> None:
    fail(anna)
    derive(at=NOW)
    Notice.objects.update(read_at=timezone.now())
    assert send(anna, 0) == 0
    fail(anna)
    derive(at=NOW)
    NoticeChoice.objects.update(how_often=HowOften.NEVER)
    assert send(anna, 0) == 0


def test_a_worker_that_dies_while_it_sends_loses_one_mail_and_repeats_none(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EmailBackend, "send_messages", interrupt)
        send(anna)
    assert send(anna, 0, at=NOW + 2 * HOUR) == 0


def interrupt(*args: object) -> int:
    raise KeyboardInterrupt


def test_a_server_that_breaks_off_loses_one_mail_and_the_others_go_on(
    anna: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = someone("other")
    NoticeChoice.objects.create(person=other, mailed=[NoticeKind.FAILED], how_often=HowOften.DAILY)
    fail(other)
    deliver = EmailBackend.send_messages

    def send_messages(self: EmailBackend, messages: list[mail.EmailMessage]) -> int:
        if messages[0].to == ["anna@example.com"]:
            raise SMTPServerDisconnected
        return deliver(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    assert send(anna) == 1
    assert "the digest of anna is lost" in caplog.text


def test_a_mail_server_that_is_down_claims_nothing(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", refuse)
        assert send(anna) == 0
    assert send(anna, 0) == 1


def refuse(*args: object) -> None:
    raise ConnectionRefusedError


def test_a_site_without_a_mail_server_sends_and_claims_nothing(anna: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert send(anna) == 0
    assert Notice.objects.get().mailed_at is None


def test_two_jobs_at_once_send_one(anna: User) -> None:
    fail(anna)
    derive(at=NOW)
    first, second = (digests.due(at=NOW).get() for _ in range(2))
    assert digests._claim(first, at=NOW)[1] == 1
    assert digests._claim(second, at=NOW) == ([], 0)
