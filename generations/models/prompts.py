"""Prompts that staff write, each wording that they had, whose favourites they are, and the tags they are found by."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.folding import fold
from generations.models.campaigns import Campaign
from generations.models.people import Person

TITLE_FROM_TEXT = 60  # characters of a prompt that serve as its title if it has none


def beginning(text: str) -> str:
    """Return the first words of a text, as a title."""
    words = " ".join(text.split())
    return words if len(words) <= TITLE_FROM_TEXT else f"{words[: TITLE_FROM_TEXT - 1].rstrip()}…"


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=50, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PromptQuerySet(models.QuerySet["Prompt"]):
    def matching(self, query: str) -> PromptQuerySet:
        """Select those that have each word of a query: in a text of theirs, their campaign's name or a tag's."""
        words = fold(query).split()
        if not words:
            return self.none() if query.strip() else self
        campaigns = [(pk, fold(name)) for pk, name in Campaign.objects.values_list("pk", "name")]
        tags = [(pk, fold(name)) for pk, name in Tag.objects.values_list("pk", "name")]
        found = self
        for word in words:
            condition = models.Q(words__contains=word)
            if named := [pk for pk, name in campaigns if word in name]:
                condition |= models.Q(campaign__in=named)
            if named := [pk for pk, name in tags if word in name]:
                condition |= models.Q(pk__in=Prompt.tags.through.objects.filter(tag__in=named).values("prompt"))
            found = found.filter(condition)
        return found

    def with_favourite(self, person: Person) -> PromptQuerySet:
        """Add `is_favourite` to each prompt: whether it is one of the person's own."""
        return self.annotate(
            is_favourite=models.Exists(FavouritePrompt.objects.filter(person=person, prompt=models.OuterRef("pk")))
        )


class Prompt(models.Model):
    """A text that clips are made from; a task copies it, so an edit never rewrites history."""

    title = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("Left empty, the first words of the text serve.")
    )
    text = models.TextField(
        _("text"), max_length=5000, help_text=_("Up to 5000 characters; the chosen model may take fewer.")
    )
    negative_prompt = models.TextField(
        _("negative prompt"), max_length=2500, blank=True, help_text=_("What the clip should not show.")
    )
    notes = models.TextField(_("notes"), blank=True, help_text=_("For the team; never sent to a provider."))
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="prompts",
        verbose_name=_("campaign"), help_text=_("What its clips are bought for; an order keeps it."),
    )  # fmt: skip
    tags = models.ManyToManyField(Tag, blank=True, related_name="prompts", verbose_name=_("tags"))
    archived = models.BooleanField(_("archived"), default=False, help_text=_("Kept, and out of the way."))
    defaults = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What Generate starts from, by the names of its fields."
    )
    words = models.TextField(blank=True, editable=False, help_text="Its texts, folded for searches.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:generations_prompt_change", args=[self.pk])

    @property
    def name(self) -> str:
        """The title, or the beginning of the text where there is none."""
        return self.title or beginning(self.text)

    @property
    def wording(self) -> tuple[str, str]:
        """What a version keeps: the text and the negative prompt."""
        return self.text, self.negative_prompt

    def keep(self, *, at: datetime, by: Person | None) -> PromptVersion | None:
        """Keep what was just saved: a version if the wording is new, which is returned, and the words of searches.

        Whoever saves a prompt calls it, in the same transaction: saving locks the row, so numbers have no gap.
        """
        Prompt.objects.filter(pk=self.pk).update(words=fold(self.title, self.text, self.negative_prompt, self.notes))
        last = self.versions.first()
        if last and last.wording == self.wording:
            return None
        number = last.number + 1 if last else 1
        return self.versions.create(number=number, text=self.text, negative_prompt=self.negative_prompt, at=at, by=by)


class PromptVersion(models.Model):
    """A wording that a prompt had; rows are never changed."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="From 1, without gaps.")
    text = models.TextField()
    negative_prompt = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["prompt", "number"], name="prompt_version_once")]

    def __str__(self) -> str:
        return gettext("Version {number}").format(number=self.number)

    @property
    def wording(self) -> tuple[str, str]:
        return self.text, self.negative_prompt


class FavouritePrompt(models.Model):
    """A prompt that one person likes; others do not see it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourite_prompts")
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="favourites")

    class Meta:
        verbose_name = _("favourite prompt")
        verbose_name_plural = _("favourite prompts")
        constraints = [models.UniqueConstraint(fields=["person", "prompt"], name="favourite_prompt_once")]

    def __str__(self) -> str:
        return f"{self.prompt}, {self.person}"
