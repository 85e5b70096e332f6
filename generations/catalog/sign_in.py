"""How often people may try to sign in, by account and by address, and the page that says so.

The catalog's page and the admin's count alike: django-axes calls `SignInTries` wherever a password is checked, or a
code after it. A try is counted before that, each time by one conditional UPDATE, so that parallel tries count too; a
right password or code takes its own back. Of axes' rows, one stands for an account (its address is NOWHERE) and one for
an address.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice

from generations import clock
from generations.catalog.known_browsers import known_as
from generations.clients import NOWHERE, address_of
from generations.models import Action, AuditEntry, Person, Session
from generations.models.sessions import SIGNED_IN

logger = logging.getLogger(__name__)

WINDOW = timedelta(minutes=1)  # since the last try that was counted; those that are refused do not count
ACCOUNT_TRIES, ADDRESS_TRIES = 10, 30
TOLD_AGAIN = timedelta(hours=1)
KEPT = timedelta(days=1)  # rows of accounts and addresses that nobody tries any more
TRIES = "failures_since_start"  # axes' name of the column
AGENT_LENGTH = 300  # of what a browser says of itself


@dataclass(frozen=True, slots=True)
class Counter:
    """The tries of one account, or of one address."""

    username: str
    ip_address: str
    most: int
    browser: str = ""  # the known one that it counts

    @property
    def rows(self) -> QuerySet[Any]:
        """Its row, once there is one."""
        rows: QuerySet[Any] = AccessAttempt.objects.filter(**self.key)
        return rows

    @property
    def key(self) -> dict[str, str]:
        return {"username": self.username, "ip_address": self.ip_address, "user_agent": self.browser}

    def count(self, *, at: datetime) -> bool:
        """Count one more, from one again after WINDOW; return False where it is full."""
        AccessAttempt.objects.get_or_create(**self.key, defaults={"failures_since_start": 0})
        is_over = Q(attempt_time__lte=at - WINDOW)
        more = Case(When(is_over, then=Value(1)), default=F(TRIES) + 1)
        free = self.rows.filter(is_over | Q(**{f"{TRIES}__lt": self.most}))
        return bool(free.update(attempt_time=at, **{TRIES: more}))

    def is_full(self) -> bool:
        return self.rows.filter(**{f"{TRIES}__gte": self.most}).exists()

    def take_back(self) -> None:
        self.rows.filter(**{f"{TRIES}__gt": 0}).update(**{TRIES: F(TRIES) - 1})


def counters(request: Any, credentials: dict[str, Any] | None) -> list[Counter]:
    """Return the counter of the account and that of the address, always in this order.

    A browser that the account knows has a counter of its own instead, which strangers do not use up.
    """
    if person := _named(credentials):
        account = person.get_username()
    else:  # what is no name of an account is now and then a password: a mark of it is counted
        name = str((credentials or {}).get("username") or "")
        account = salted_hmac("generations.sign_in", name, algorithm="sha256").hexdigest()
    if browser := known_as(request, account):
        return [Counter(account, NOWHERE, ACCOUNT_TRIES, browser)]
    return [Counter(account, NOWHERE, ACCOUNT_TRIES), Counter("", request.axes_ip_address, ADDRESS_TRIES)]


class SignInTries(AxesDatabaseHandler):  # type: ignore[misc]
    """What axes asks before a password is checked, and tells afterwards."""

    def is_allowed(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        """Count a try of an account from an address; return whether neither has had too many."""
        at = clock.now()
        AccessAttempt.objects.filter(attempt_time__lt=at - KEPT).delete()
        with transaction.atomic():
            request.is_counted = all(counter.count(at=at) for counter in counters(request, credentials))
            if not request.is_counted:
                transaction.set_rollback(True)
        if not request.is_counted:
            _tell_staff(request, credentials, at=at)
        return bool(request.is_counted)

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        if request is not None:
            request.axes_credentials = credentials
            person = _named(credentials)
            # A name that is nobody's is not logged: now and then it is a password.
            who = f"{person} (number {person.pk})" if person else "an unknown name"
            what = "code" if "otp_token" in credentials else "password"
            words = "refused, too many tries" if request.axes_locked_out else f"failed, the {what} was wrong"
            logger.warning("sign-in of %s from %s %s", who, request.axes_ip_address, words)
            if what == "code":  # whoever knows the password is told of with the code that fills the counter
                _tell_staff(request, credentials, at=clock.now())

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        """Take the try back that was right, have the browser known from now on, and begin its session."""
        at, address, session = clock.now(), client_address(request), request.session
        request.just_signed_in = user
        take_back(request, user)
        if SIGNED_IN in session:  # the same person again: what their session was called before, no longer names it
            session.cycle_key()
        session[SIGNED_IN] = [int(at.timestamp()), address, request.META.get("HTTP_USER_AGENT", "")[:AGENT_LENGTH]]
        Session.objects.filter(expire_date__lt=at).delete()
        device = getattr(user, "otp_device", None)
        code = "recovery code" if isinstance(device, StaticDevice) else "app code"
        how = f"password and {code}" if device else "password"
        logger.info("%s (number %s) signed in from %s by %s", user, user.pk, address, how)

    def user_logged_out(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        if user is not None:
            logger.info("%s (number %s) signed out from %s", user, user.pk, client_address(request))


def take_back(request: Any, person: Person) -> None:
    """Let the try that this request was counted as not count: what was given was right."""
    if getattr(request, "is_counted", False):
        request.is_counted = False
        for counter in counters(request, {"username": person.get_username()}):
            counter.take_back()


def _named(credentials: dict[str, Any] | None) -> Person | None:
    """Return whose account a name is."""
    name = str((credentials or {}).get("username") or "")
    return Person.objects.filter(username=name.replace("\0", "")).first()


def _tell_staff(request: Any, credentials: dict[str, Any] | None, *, at: datetime) -> None:
    """Write into the audit that an account is guessed at, once in TOLD_AGAIN; the first page shows it."""
    person = _named(credentials)
    if person is None or not Counter(person.get_username(), NOWHERE, ACCOUNT_TRIES).is_full():
        return
    told = AuditEntry.objects.filter(action=Action.GUESSED, row=person.pk, at__gt=at - TOLD_AGAIN)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)  # tries that come together tell once
        if told.exists():
            return
        words = f"{ACCOUNT_TRIES} wrong passwords within a minute, the last from {request.axes_ip_address}"
        if "otp_token" in (credentials or {}):
            words = words.replace("passwords", "passwords or codes") + ", who knows the password"
        AuditEntry.objects.record(Action.GUESSED, person, words, at=at, by=None)


def too_many_tries(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Say how long to wait; axes calls this in the place of the page that says that the password is wrong."""
    at = clock.now()
    full = [each.rows.filter(**{f"{TRIES}__gte": each.most}).first() for each in counters(request, credentials)]
    last = max((row.attempt_time for row in full if row), default=at)
    seconds = max(1, ceil((last + WINDOW - at).total_seconds()))
    context = {"seconds": seconds, "path": request.get_full_path()}
    page = render(request, "registration/too_many_tries.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    page["Retry-After"] = str(seconds)
    return page


def client_address(request: HttpRequest) -> str:
    """Return whose request it is, behind TRUSTED_PROXIES proxies too; of IPv6 the network."""
    return address_of(request.META, proxies=settings.TRUSTED_PROXIES)
