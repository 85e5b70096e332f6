"""Prompts that staff write, and the tags that they find them by."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from generations.models.campaigns import Campaign

TITLE_FROM_TEXT = 60  # characters of a prompt that serve as its title if it has none


def beginning(text: str) -> str:
    """Return the first words of a text, as a title."""
    words = " ".join(text.split())
    return words if len(words) <= TITLE_FROM_TEXT else f"{words[: TITLE_FROM_TEXT - 1].rstrip()}…"


class Tag(models.Model):
    name = models.CharField(max_length=50, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Prompt(models.Model):
    """A text that clips are made from; a task copies it, so an edit never rewrites history."""

    title = models.CharField(max_length=200, blank=True, help_text="Left empty, the first words of the text serve.")
    text = models.TextField(max_length=5000, help_text="Up to 5000 characters; the chosen model may take fewer.")
    negative_prompt = models.TextField(max_length=2500, blank=True, help_text="What the clip should not show.")
    notes = models.TextField(blank=True, help_text="For the team; never sent to a provider.")
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="prompts",
        help_text="What its clips are bought for; an order keeps it.",
    )  # fmt: skip
    tags = models.ManyToManyField(Tag, blank=True, related_name="prompts")
    archived = models.BooleanField(default=False, help_text="Kept, and out of the way.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:generations_prompt_change", args=[self.pk])

    @property
    def name(self) -> str:
        """The title, or the beginning of the text where there is none."""
        return self.title or beginning(self.text)
