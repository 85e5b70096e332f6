"""Start and end images: looked at, and nothing else."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from generations.models import ReferenceImage


def test_an_image_is_shown_under_the_name_that_it_came_with(admin_client: Client) -> None:
    image = ReferenceImage.objects.create(
        file="images/abc.png", sha256="0" * 64, width=640, height=480, original_name="<b>lamp</b>.png"
    )
    pages = [reverse("admin:generations_referenceimage_changelist")]
    pages += [reverse("admin:generations_referenceimage_change", args=[image.pk])]
    for page in pages:
        html = admin_client.get(page).content.decode()
        assert 'src="/media/images/abc.png"' in html
        assert "&lt;b&gt;lamp&lt;/b&gt;.png" in html
        assert "640 × 480" in html
