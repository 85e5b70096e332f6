"""Indexes of the catalog's orders; on PostgreSQL also a trigram index of the words that searches compare."""

import logging
from typing import Any

from django.db import DatabaseError, connections, migrations, models, transaction

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
INDEX = "CREATE INDEX IF NOT EXISTS video_words ON generations_video USING gin (words gin_trgm_ops)"
log = logging.getLogger("generations.migrations")


def create(apps: Any, schema_editor: Any) -> None:
    """Create the index if the database lets us; without it a search for words reads row by row."""
    alias = schema_editor.connection.alias
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(alias), connections[alias].cursor() as cursor:
            cursor.execute(EXTENSION)
            cursor.execute(INDEX)
    except DatabaseError as error:
        log.warning(
            "No index for searches: %s. Searches for words work, and slow down with the number of clips. "
            "See docs/operating.md, Search.",
            str(error).strip(),
        )


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS video_words")


class Migration(migrations.Migration):
    dependencies = [("generations", "0023_share_tries")]
    operations = [
        migrations.RemoveIndex("video", "video_rated"),
        migrations.AddIndex(
            "video", models.Index(fields=["-rating", "-created_at", "-id"], name="video_by_rating")
        ),
        migrations.AddIndex(
            "video", models.Index(fields=["-duration_seconds", "-created_at", "-id"], name="video_by_duration")
        ),
        migrations.RunPython(create, drop),
    ]
