"""What each person chose in their last order: a row, as a session ends with the day's work and knows one browser."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models.people import Person


class LastChoiceQuerySet(models.QuerySet["LastChoice"]):
    def of(self, person: Person) -> dict[str, str]:
        """Return the fields of a person's last order; empty when there was none."""
        kept: dict[str, str] | None = self.filter(person=person).values_list("fields", flat=True).first()
        return kept or {}

    def remember(self, person: Person, fields: Mapping[str, str]) -> None:
        """Keep the fields of an order that a person placed, in the place of the one before."""
        self.update_or_create(person=person, defaults={"fields": dict(fields)})


class LastChoice(models.Model):
    """The fields of a person's last order, from which the next one starts; never its text, number or money."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="last_choice"
    )
    fields = models.JSONField(default=dict)

    objects = LastChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("last choice")
        verbose_name_plural = _("last choices")
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("The last choice of {person}").format(person=self.person)
