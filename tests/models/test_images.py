"""Start and end images under names of ours."""

import pytest

from generations.media import CleanImage
from generations.models import ReferenceImage
from generations.models.images import SIGNER

pytestmark = pytest.mark.django_db

PICTURE = CleanImage(content=b"picture", extension="png", width=64, height=48)


def test_a_picture_gets_a_name_of_ours_and_keeps_its_old_one_as_text() -> None:
    image = ReferenceImage.keep(PICTURE, name="../../etc/passwd\0.png")
    assert image.file.name.startswith("images/") and image.file.name.endswith(".png")
    assert "passwd" not in image.file.name
    assert image.file.read() == b"picture"


def test_the_same_content_is_kept_once() -> None:
    assert ReferenceImage.keep(PICTURE, name="a.png") == ReferenceImage.keep(PICTURE, name="b.png")


def test_the_providers_link_is_signed_and_absolute() -> None:
    image = ReferenceImage.keep(PICTURE)
    url = image.provider_url()
    signed = url.rsplit("/", 1)[1].removesuffix(".png")
    assert url.startswith("http://127.0.0.1:8000/reference/")
    assert SIGNER.unsign(signed) == str(image.pk)
