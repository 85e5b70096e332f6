"""Send each person what they ticked as one e-mail an hour or a day, in their language.

A digest is claimed in the database before it is sent, so it is sent at most once: if a worker dies or the mail server
breaks off between the two, that e-mail is lost, and its notices are still in the admin. Two would be worse than none.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from generations.models import HowOften, Notice, NoticeChoice
from generations.notices import wording

logger = logging.getLogger(__name__)

SHOWN = 30  # notices of a digest; of the rest it says how many there are
WAITS = {HowOften.HOURLY: timedelta(hours=1), HowOften.DAILY: timedelta(days=1)}


def can_mail() -> bool:
    """Return whether this site sends e-mail: without EMAIL_URL only a practice site does, to the worker's output."""
    return not str(settings.EMAIL_BACKEND).endswith(".dummy.EmailBackend")


def due(*, at: datetime) -> QuerySet[NoticeChoice]:
    """Select those whose digest is due and who have something that no digest told; only staff with an address."""
    is_due = Q()
    for how_often, wait in WAITS.items():
        is_due |= Q(how_often=how_often) & (Q(digest_at=None) | Q(digest_at__lte=at - wait))
    waiting = Notice.objects.filter(by_mail=True, mailed_at=None, read_at=None)
    staff = NoticeChoice.objects.filter(person__is_active=True, person__is_staff=True).exclude(person__email="")
    return staff.filter(is_due, person__in=waiting.values("person")).select_related("person").order_by("pk")


def has_due(*, at: datetime) -> bool:
    return can_mail() and due(at=at).exists()


def send_due(*, at: datetime) -> int:
    """Send every digest that is due; return how many left. A mail server that does not answer claims nothing."""
    choices = list(due(at=at)) if can_mail() else []
    if not choices:
        return 0
    connection = get_connection()
    try:
        connection.open()
    except (SMTPException, OSError) as error:
        logger.error("the mail server does not answer, digests wait: %s", type(error).__name__)
        return 0
    try:
        return sum(_send(choice, connection, at=at) for choice in choices)
    finally:
        connection.close()


def digest(choice: NoticeChoice, notices: list[Notice], total: int) -> EmailMultiAlternatives:
    """Return the e-mail that tells a person these notices, and how many more there are."""
    with translation.override(choice.language):
        lines = [(notice.happening, wording.sentence(notice.happening), _url(notice)) for notice in notices]
        context = {
            "lines": lines,
            "more": total - len(lines),
            "all_url": wording.url(reverse("admin:notices")),
            "choice_url": wording.url(reverse("admin:notice_choice")),
            "language": choice.language,
        }
        subject = ngettext("Kling Studio: {n} notice", "Kling Studio: {n} notices", total).format(n=total)
        mail = EmailMultiAlternatives(
            subject, render_to_string("notices/digest.txt", context), to=[choice.person.email]
        )
        mail.attach_alternative(render_to_string("notices/digest.html", context), "text/html")
    return mail


def _send(choice: NoticeChoice, connection: BaseEmailBackend, *, at: datetime) -> bool:
    notices, total = _claim(choice, at=at)
    if not notices:
        return False
    mail = digest(choice, notices, total)
    mail.connection = connection
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        logger.error("the digest of %s is lost: %s", choice.person, type(error).__name__)
        return False
    return True


def _claim(choice: NoticeChoice, *, at: datetime) -> tuple[list[Notice], int]:
    """Mark what no digest has told the person as told; return the newest of it, and how many there are."""
    with transaction.atomic():
        mine = NoticeChoice.objects.filter(pk=choice.pk, digest_at=choice.digest_at)
        waiting = Notice.objects.to_be_mailed(choice.person)
        notices = list(waiting.select_related("happening").order_by("-pk")[:SHOWN])
        if not notices or not mine.update(digest_at=at):
            return [], 0
        return notices, waiting.filter(pk__lte=notices[0].pk).update(mailed_at=at)


def _url(notice: Notice) -> str:
    return wording.url(wording.path(notice.happening))
