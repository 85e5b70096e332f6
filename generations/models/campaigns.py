"""Campaigns, which clips are bought for; prompts and tasks belong to one or to none."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from generations.models.people import Person


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def in_use(self) -> CampaignQuerySet:
        """Select the campaigns that new orders may name."""
        return self.filter(archived=False)

    def closed_to(self, person: Person) -> CampaignQuerySet:
        """Select the restricted campaigns that do not name this person, nor one of their groups; staff see all."""
        if person.is_staff:
            return self.none()
        named = Q(people=person) | Q(groups__in=person.groups.all())
        return self.filter(is_restricted=True).exclude(pk__in=Campaign.objects.filter(named).values("pk"))


class Campaign(models.Model):
    """A campaign that pays for clips; a task keeps the campaign that its prompt had when it was ordered."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("slug"), max_length=60, unique=True, help_text=_("Names it in commands and addresses."))
    archived = models.BooleanField(
        _("archived"), default=False, help_text=_("Kept with all that was spent on it; takes no new orders.")
    )
    is_restricted = models.BooleanField(
        _("restricted"),
        default=False,
        help_text=_("Of those who are not staff, only these people and groups see its clips."),
    )
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="campaigns", verbose_name=_("people")
    )
    groups = models.ManyToManyField("auth.Group", blank=True, related_name="campaigns", verbose_name=_("groups"))
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:generations_campaign_change", args=[self.pk])
