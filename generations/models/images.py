"""Start and end images that staff gave us, stored under names of ours."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.core import signing
from django.core.files.base import ContentFile
from django.db import models
from django.urls import reverse

from generations.media.images import CleanImage
from generations.media.store import store

LINK_LIFE_SECONDS = 7 * 86_400  # a provider fetches the picture when it starts, which a queue may put off by days
SIGNER = signing.TimestampSigner(salt="generations.reference-image")


class ReferenceImage(models.Model):
    """A checked and re-encoded picture; the same content is stored once."""

    file = models.FileField(max_length=200, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    original_name = models.CharField(max_length=200, blank=True, help_text="As it was called where it came from.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.original_name or f"Image {self.pk}"

    @classmethod
    def store(cls, image: CleanImage, *, name: str = "") -> ReferenceImage:
        """Store a checked picture, or return the one that has the same content.

        The file is named by its content and written first, so doing it twice, or at once, does it once.
        """
        sha256 = hashlib.sha256(image.content).hexdigest()
        file = f"images/{sha256}.{image.extension}"
        store.save(file, ContentFile(image.content))
        facts = {"file": file, "width": image.width, "height": image.height, "original_name": printable(name)}
        return cls.objects.get_or_create(sha256=sha256, defaults=facts)[0]

    def provider_url(self) -> str:
        """Where a provider fetches the picture: signed, under PUBLIC_URL, good for a week."""
        return settings.PUBLIC_URL + reverse("reference_image", args=[SIGNER.sign(str(self.pk)), self.extension])

    @property
    def extension(self) -> str:
        return str(self.file).rsplit(".", 1)[-1]


def printable(name: str) -> str:
    """A file's name as text that every database takes."""
    return name.replace("\0", "")[:200]
