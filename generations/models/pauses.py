"""A pause: no order of a model, to a provider, or at all goes out until a person has seen to the cause."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.providers.offers import model_name, provider_name


class PauseQuerySet(models.QuerySet["Pause"]):
    def that_stop(self, provider: str | OuterRef, model: str | OuterRef = "") -> PauseQuerySet:
        """Select the pauses that keep a model's orders from a provider; without a model, those of all its models."""
        return self.filter(Q(provider="") | Q(provider=provider), Q(model="") | Q(model=model))

    def by_the_machine(self) -> PauseQuerySet:
        """Select those that the machine may end again; a person's pause ends by a person only."""
        return self.filter(paused_by=None)


class Pause(models.Model):
    """Its row is there while orders are paused; deleting it, which the admin records, resumes them."""

    provider = models.CharField(_("provider"), max_length=20, blank=True, help_text=_("Empty: the orders to all."))
    model = models.CharField(
        _("model"), max_length=50, blank=True, help_text=_("Whose orders are paused; empty: those of all.")
    )
    reason = models.CharField(_("reason"), max_length=500)
    paused_at = models.DateTimeField(_("paused at"))
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        verbose_name=_("paused by"), help_text=_("Empty: the machine, after a refusal."),
    )  # fmt: skip

    objects = PauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause of orders")
        verbose_name_plural = _("pauses of orders")
        ordering = ["provider", "model"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "model"], name="pause_once"),
            models.CheckConstraint(condition=Q(model="") | ~Q(provider=""), name="pause_of_model_names_provider"),
        ]

    def __str__(self) -> str:
        return gettext("{orders} are paused: {why}").format(orders=self.subject, why=self.why)

    def stops(self, provider: str, model: str) -> bool:
        """Return whether it keeps a model's orders from a provider."""
        return self.provider in ("", provider) and self.model in ("", model)

    @property
    def why(self) -> str:
        """The reason as the end of a sentence, without its full stop."""
        return self.reason.rstrip(". ")

    @property
    def who(self) -> str:
        """Who paused the orders, for people."""
        return str(self.paused_by or gettext("the machine, after a refusal"))

    @property
    def subject(self) -> str:
        """What is paused, for people."""
        if not self.provider:
            return gettext("All orders")
        provider = provider_name(self.provider)
        if not self.model:
            return gettext("Orders to {provider}").format(provider=provider)
        return gettext("Orders of {model} to {provider}").format(model=model_name(self.model), provider=provider)

    @property
    def sentence(self) -> str:
        words = gettext("{orders} are paused until someone resumes them: {why}")
        return words.format(orders=self.subject, why=self.why)
