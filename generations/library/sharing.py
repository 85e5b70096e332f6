"""Share clips, collections and searches by a link: make it, end it, and let its guests in.

A link shows what its creator may see now. Its address is the secret; a password can be a second one.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from generations.library.naming import collections_of
from generations.library.search import BadSearch, Search, stacked
from generations.library.sorting import NEWEST, ordered
from generations.models import Action, AuditEntry, Collection, Person, Share, Video

LIFE_DAYS = 30
MAX_DAYS = 3650
MAX_TRIES = 10  # wrong passwords, until there was none for a minute
PAUSE = timedelta(minutes=1)
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
PASSWORD_LENGTH = range(6, 129)


class BadShare(ValueError):
    """A link that cannot be made as asked; `field` names what is wrong, and `text` says what, in a sentence."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field, self.text = field, text


@dataclass(frozen=True, slots=True)
class Terms:
    """What a link lets its guests do, and for how many days; None: until it is revoked."""

    days: int | None = LIFE_DAYS
    password: str = ""
    may_download: bool = False
    may_comment: bool = False


class Answer(enum.Enum):
    """What became of a password that a guest entered."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY = "too many"


def share(subject: Video | Collection | Search, terms: Terms, *, at: datetime, by: Person) -> Share:
    """Make a link to something that the person may see. Raises: BadShare."""
    if terms.days is not None and not 1 <= terms.days <= MAX_DAYS:
        raise BadShare("days", _("A link lasts 1 to {most} days.").format(most=f"{MAX_DAYS:,}"))
    made = Share(
        video=subject if isinstance(subject, Video) else None,
        collection=subject if isinstance(subject, Collection) else None,
        search=_address(subject) if isinstance(subject, Search) else "",
        password=_hashed(terms.password),
        expires_at=None if terms.days is None else at + timedelta(days=terms.days),
        may_download=terms.may_download,
        may_comment=terms.may_comment,
        created_at=at,
        created_by=by,
    )
    with transaction.atomic():
        made.save()
        AuditEntry.objects.record(Action.SHARED, made, _terms_in_words(made), at=at, by=by)
    return made


def _terms_in_words(share: Share) -> str:
    ends = f"until {share.expires_at:%Y-%m-%d %H:%M} UTC" if share.expires_at else "without an end"
    return f"a {share.kind}, {ends}, {'with' if share.password else 'without'} a password"


def set_password(share: Share, password: str, *, at: datetime, by: Person) -> None:
    """Give a link another password, or none; who entered the old one must enter the new one. Raises: BadShare."""
    share.password = _hashed(password)
    with transaction.atomic():
        Share.objects.filter(pk=share.pk).update(password=share.password)
        words = "a new password" if password else "no password any more"
        AuditEntry.objects.record(Action.GRANTED, share, words, at=at, by=by)


def revoke(share: Share, *, at: datetime, by: Person | None = None) -> bool:
    """End a link at once; return False when it was revoked before."""
    with transaction.atomic():
        ended = bool(Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=at))
        if ended:
            AuditEntry.objects.record(Action.REVOKED, share, at=at, by=by)
    return ended


def find(token: str, *, at: datetime) -> Share | None:
    """Return the link of an address if it works; one query, whether it is unknown, expired or revoked."""
    if not TOKEN.fullmatch(token):
        return None
    return Share.objects.open(at=at).select_related("video", "collection", "created_by").filter(token=token).first()


def videos_of(share: Share, *, at: datetime) -> QuerySet[Video]:
    """Return the clips that a link shows now, in no order."""
    mine = Video.objects.visible_to(share.created_by)
    if share.video_id:
        return mine.filter(pk=share.video_id)
    if share.collection_id:
        return mine.filter(items__collection__in=collections_of(share.created_by).filter(pk=share.collection_id))
    return _found(share, at)[0]


def listed(share: Share, *, at: datetime) -> tuple[QuerySet[Video], str]:
    """Return a collection's clips in its order, or one take of each shot of a search and the name of its order."""
    if not share.search:
        return videos_of(share, at=at).order_by("items__position", "items__id"), ""
    videos, sort = _found(share, at)
    return ordered(stacked(videos), sort), sort


def _found(share: Share, at: datetime) -> tuple[QuerySet[Video], str]:
    try:
        search = Search.parse(QueryDict(share.search))
        return search.videos(share.created_by, at=at), search.sort
    except BadSearch:
        return Video.objects.none(), NEWEST  # it names what its creator may no longer see, or what is gone


def count_view(share: Share) -> None:
    """Count that a guest opened the link."""
    Share.objects.filter(pk=share.pk).update(views=F("views") + 1)


def enter(share: Share, password: str, *, at: datetime) -> Answer:
    """Try a password, at most MAX_TRIES times in any minute, over all processes; then even the right one is refused.

    Each try takes its place in the row before the password is compared, and a right one gives it back.
    """
    row = Share.objects.filter(pk=share.pk)
    rested = Q(tried_at=None) | Q(tried_at__lte=at - PAUSE)
    counted = Case(When(rested, then=Value(1)), default=F("tries") + 1)
    if not row.filter(rested | Q(tries__lt=MAX_TRIES)).update(tries=counted, tried_at=at):
        return Answer.TOO_MANY
    if not check_password(password, share.password):
        return Answer.WRONG
    row.filter(tries__gt=0).update(tries=F("tries") - 1)
    return Answer.RIGHT


def key_of(share: Share) -> str:
    """Return what a guest who entered the password keeps; another password makes another key."""
    return salted_hmac("generations.library.sharing", f"{share.token} {share.password}", algorithm="sha256").hexdigest()


def has_key(share: Share, key: str) -> bool:
    """Return whether a guest may come in: the link has no password, or they entered it."""
    return not share.password or constant_time_compare(key, key_of(share))


def _hashed(password: str) -> str:
    if not password:
        return ""
    if len(password) not in PASSWORD_LENGTH:
        low, high = PASSWORD_LENGTH[0], PASSWORD_LENGTH[-1]
        raise BadShare("password", _("A password has {low} to {high} characters.").format(low=low, high=high))
    return make_password(password)


def _address(search: Search) -> str:
    return search.query_string() or "sort=newest"  # an empty search finds everything, and a link must name something
