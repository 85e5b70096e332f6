"""Endpoints, to which this site sends signed webhooks, their messages, and the log of each try to send one."""

from __future__ import annotations

import base64
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from generations.models.notices import Happening

ADDRESS_LENGTH = 500


def new_nonce() -> str:
    """Return 128 random bits, of which a secret is made."""
    return secrets.token_hex(16)


def new_message_id() -> str:
    """Return the `webhook-id` of a message: the same one at each try, so that a receiver knows it again."""
    return f"msg_{secrets.token_hex(16)}"


class Endpoint(models.Model):
    """An address that is told of happenings; its secret is in no row."""

    address = models.URLField(_("address"), max_length=ADDRESS_LENGTH, unique=True)
    kinds = models.JSONField(_("kinds"), default=list, help_text=_("What it is told."))
    active = models.BooleanField(_("active"), default=True, help_text=_("Otherwise nothing is sent there but tests."))
    off_because = models.CharField(max_length=300, blank=True, editable=False)
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["address"]

    def __str__(self) -> str:
        return self.host

    def get_absolute_url(self) -> str:
        return reverse("admin:generations_endpoint_change", args=[self.pk])

    @property
    def host(self) -> str:
        """The address without its path and query, which may hold a secret of the receiver."""
        return self.address.partition("://")[2].partition("/")[0].partition("?")[0]

    def secret(self) -> str:
        """Return the secret that signs its messages, made of SECRET_KEY: whoever reads the rows cannot sign."""
        value = f"{self.pk}:{self.nonce}"
        digest = salted_hmac("generations.endpoint", value, algorithm="sha256").digest()
        return f"whsec_{base64.b64encode(digest).decode()}"

    def rotate(self) -> None:
        """Give it a new secret at once; the old one signs nothing any more."""
        self.nonce = new_nonce()
        self.save(update_fields=["nonce"])


class WebhookMessage(models.Model):
    """What is sent to an endpoint: the same body at each try. A test has no happening, and is tried once."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="messages")
    happening = models.ForeignKey(Happening, on_delete=models.CASCADE, null=True, related_name="messages")
    message_id = models.CharField(max_length=50, unique=True, default=new_message_id)
    body = models.TextField()
    created_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="Empty: delivered, or given up.")
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "happening"], name="webhook_once_for_an_endpoint"),
            models.CheckConstraint(
                condition=Q(due_at=None) | Q(delivered_at=None), name="webhook_due_until_it_is_delivered"
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="webhook_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return self.message_id


class WebhookTry(models.Model):
    """One try to send a message: when, and what came of it, in words of ours."""

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    http_status = models.PositiveSmallIntegerField(null=True, help_text="Of the answer; empty: there was none.")
    error = models.CharField(max_length=200, blank=True)
    seconds = models.FloatField()

    class Meta:
        default_permissions = ()
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.error or str(self.http_status)

    @property
    def went_well(self) -> bool:
        return not self.error
