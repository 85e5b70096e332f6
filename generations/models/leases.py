"""Database leases, which let one process at a time do a job, and heartbeats."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection, models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.5
HEARTBEAT = "worker"  # the heartbeat that /healthz and the pages read
SILENT_SECONDS = 20.0  # without a heartbeat, before pages say that no worker runs: a busy one sends them too
HEARTBEAT_FRESH_SECONDS = 90.0  # a frozen worker is replaced after 30 s, and heartbeats are asked for every 5 s


class LeaseQuerySet(models.QuerySet["Lease"]):
    """Leases are timed by the database's clock, so hosts whose clocks differ still agree."""

    def take(self, name: str, *, seconds: float, token: uuid.UUID | None = None) -> uuid.UUID | None:
        """Take a free or expired lease for this many seconds; return the token that proves ownership, or None."""
        token, until = token or uuid.uuid4(), Now() + timedelta(seconds=seconds)
        self.bulk_create([Lease(name=name, token=token, expires_at=until)], ignore_conflicts=True)
        if self.is_owned(name, token):  # nobody ever had it
            return token
        free = self.filter(name=name).filter(models.Q(token=None) | models.Q(expires_at__lte=Now()))
        return token if free.update(token=token, expires_at=until) else None

    def renew(self, name: str, token: uuid.UUID, *, seconds: float) -> bool:
        """Extend a lease; return False when it expired and another process took it."""
        ours = self.filter(name=name, token=token)
        return bool(ours.update(expires_at=Now() + timedelta(seconds=seconds)))

    def is_owned(self, name: str, token: uuid.UUID) -> bool:
        """Return whether no other process has taken a lease since; its time may be over."""
        return self.filter(name=name, token=token).exists()

    def release(self, name: str, token: uuid.UUID) -> bool:
        """Release a lease; return False when it expired and another process took it."""
        return bool(self.filter(name=name, token=token).update(token=None, expires_at=None))

    def is_held(self, name: str) -> bool:
        return self.filter(name=name, token__isnull=False, expires_at__gt=Now()).exists()

    def held(self, names: Iterable[str]) -> set[str]:
        """Return which of these leases a process holds."""
        taken = self.filter(name__in=list(names), token__isnull=False, expires_at__gt=Now())
        return set(taken.values_list("name", flat=True))

    def clear_dead(self, prefix: str, *, seconds: float) -> int:
        """Release leases that expired this many seconds ago, even if the holder only slept; return how many."""
        dead = self.filter(name__startswith=prefix, token__isnull=False)
        return dead.filter(expires_at__lt=Now() - timedelta(seconds=seconds)).update(token=None, expires_at=None)

    def record_heartbeat(self) -> None:
        """Record that a worker is alive now."""
        self.bulk_create([Lease(name=HEARTBEAT)], ignore_conflicts=True)
        self.filter(name=HEARTBEAT).update(expires_at=Now())

    def is_worker_alive(self, *, within: float = HEARTBEAT_FRESH_SECONDS) -> bool:
        """Return whether a worker of this site recorded a heartbeat in the last `within` seconds."""
        since = Now() - timedelta(seconds=within)
        return self.filter(name=HEARTBEAT, expires_at__gte=since).exists()


class Lease(models.Model):
    name = models.CharField(max_length=100, primary_key=True)
    token = models.UUIDField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = LeaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return self.name


class LeaseHolder:
    """A lease that a thread renews until it is ended."""

    def __init__(self, name: str, token: uuid.UUID, seconds: float) -> None:
        self.name, self.token, self.seconds = name, token, seconds
        self._ended = threading.Event()
        self._is_released = False
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._keep_renewing, name=f"lease {name}", daemon=True)
        self._thread.start()

    @property
    def is_ours(self) -> bool:
        """Return whether the lease was renewed in time; a process that was suspended finds that it was not."""
        return time.monotonic() - self._renewed < self.seconds

    def renew(self) -> bool:
        """Renew the lease now; inside a transaction, this also fences its writes. Return whether it is still ours."""
        if not Lease.objects.renew(self.name, self.token, seconds=self.seconds):
            return False
        self._renewed = time.monotonic()
        return True

    def outlast(self, *, seconds: float) -> bool:
        """Return whether the lease is still ours, waiting this long for a database that restarts.

        Raises: DatabaseError, InterfaceError.
        """
        ends = time.monotonic() + seconds
        while True:
            try:
                return Lease.objects.is_owned(self.name, self.token)
            except (DatabaseError, InterfaceError):
                connection.close()  # a broken connection stays broken
                if time.monotonic() > ends:
                    raise
                time.sleep(RECONNECT_SECONDS)

    def release(self) -> bool:
        """Release the lease with the commit of this transaction, which fences its writes as `renew` does."""
        transaction.on_commit(self._note_release)
        return Lease.objects.release(self.name, self.token)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        if not self._is_released:
            Lease.objects.release(self.name, self.token)

    def _note_release(self) -> None:
        self._is_released = True

    def _keep_renewing(self) -> None:
        try:
            while not self._ended.wait(self.seconds / 4):
                try:
                    if not self.renew():
                        return
                except (DatabaseError, InterfaceError) as error:  # the database may be back before the lease expires
                    logger.warning("lease %s not renewed: %s", self.name, error)
                    connection.close()
        finally:
            connection.close()


@contextmanager
def lease_held(name: str, *, seconds: float) -> Iterator[LeaseHolder | None]:
    """Hold a lease during a block; yield None when another process has it."""
    token = Lease.objects.take(name, seconds=seconds)
    if token is None:
        yield None
        return
    with holding(name, token, seconds=seconds) as hold:
        yield hold


@contextmanager
def holding(name: str, token: uuid.UUID, *, seconds: float) -> Iterator[LeaseHolder]:
    """Renew a lease that was taken during a block, and release it at the end."""
    hold = LeaseHolder(name, token, seconds)
    try:
        yield hold
    finally:
        hold.end()
