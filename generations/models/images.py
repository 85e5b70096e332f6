"""Start and end images that staff uploaded, stored under our own names."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.core import signing
from django.core.files.base import ContentFile
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.media.images import CleanImage
from generations.media.store import store

LINK_LIFE_SECONDS = 7 * 86_400  # the provider fetches the image when it starts, which its queue may delay by days
SIGNER = signing.TimestampSigner(salt="generations.reference-image")


class ReferenceImage(models.Model):
    """A verified and re-encoded image; the same content is stored once."""

    file = models.FileField(max_length=200, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    original_name = models.CharField(
        _("original name"), max_length=200, blank=True, help_text=_("As it was called where it came from.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("reference image")
        verbose_name_plural = _("reference images")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.original_name or gettext("Image {number}").format(number=self.pk)

    @classmethod
    def store(cls, image: CleanImage, *, name: str = "") -> ReferenceImage:
        """Store a verified image, or return the row with the same content, as new as if it was not there before.

        Raises: OSError when the disk refuses it.

        The file is written first, under a name made from its content, so a repetition or a race stores it once.
        """
        sha256 = hashlib.sha256(image.content).hexdigest()
        file = f"images/{sha256}.{image.extension}"
        store.save(file, ContentFile(image.content))
        facts = {"file": file, "width": image.width, "height": image.height, "original_name": printable(name)}
        now = {"created_at": timezone.now()}
        return cls.objects.update_or_create(sha256=sha256, defaults=now, create_defaults=facts)[0]

    def provider_url(self) -> str:
        """Return a signed URL of the image under PUBLIC_URL for a provider; it expires after LINK_LIFE_SECONDS."""
        return settings.PUBLIC_URL + reverse("reference_image", args=[SIGNER.sign(str(self.pk)), self.extension])

    @property
    def extension(self) -> str:
        return str(self.file).rsplit(".", 1)[-1]


def printable(name: str) -> str:
    """Return a file name as text that every database accepts."""
    return name.replace("\0", "")[:200]
