"""Start and end images under names of ours."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from generations.media.images import CleanImage
from generations.models import ReferenceImage
from generations.models.images import SIGNER

pytestmark = pytest.mark.django_db

PICTURE = CleanImage(content=b"picture", extension="png", width=64, height=48)


def test_a_picture_gets_a_name_of_ours_and_keeps_its_old_one_as_text() -> None:
    image = ReferenceImage.store(PICTURE, name="../../etc/passwd\0.png")
    assert str(image.file).startswith("images/") and str(image.file).endswith(".png")
    assert "passwd" not in str(image.file)
    assert image.file.read() == b"picture"


def test_the_same_content_is_stored_once() -> None:
    assert ReferenceImage.store(PICTURE, name="a.png") == ReferenceImage.store(PICTURE, name="b.png")


def test_the_providers_link_is_signed_and_absolute() -> None:
    image = ReferenceImage.store(PICTURE)
    url = image.provider_url()
    signed = url.rsplit("/", 1)[1].removesuffix(".png")
    assert url.startswith("http://127.0.0.1:8000/reference/")
    assert SIGNER.unsign(signed) == str(image.pk)


@pytest.mark.django_db(transaction=True)
def test_the_same_picture_stored_by_many_at_once_is_one_row_and_one_file(media_root: Path) -> None:
    def add() -> int:
        try:
            return ReferenceImage.store(PICTURE).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        ids = {future.result() for future in [pool.submit(add) for __ in range(6)]}
    assert len(ids) == 1
    assert len([path for path in media_root.rglob("*") if path.is_file()]) == 1
