"""The index of words on PostgreSQL, and a database that does not allow it."""

from __future__ import annotations

import logging
from importlib import import_module

import pytest
from django.db import connection

migration = import_module("generations.migrations.0020_search_indexes")
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="it is PostgreSQL's index")


def has_index() -> bool:
    with connection.cursor() as cursor:
        return "video_words" in connection.introspection.get_constraints(cursor, "generations_video")


@postgresql
@pytest.mark.django_db(transaction=True)
def test_postgresql_has_an_index_of_words() -> None:
    assert has_index()


@postgresql
@pytest.mark.django_db(transaction=True)
def test_a_database_without_the_extension_migrates_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(migration, "EXTENSION", "CREATE EXTENSION pg_nothing")
    caplog.set_level(logging.WARNING)
    with connection.schema_editor() as editor:
        migration.drop(None, editor)
        migration.create(None, editor)
        assert not has_index()  # and the transaction goes on
    assert "No index for searches" in caplog.text
    monkeypatch.undo()
    with connection.schema_editor() as editor:
        migration.create(None, editor)
    assert has_index()
