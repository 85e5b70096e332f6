"""The ledger's rows get their days; from then on the database itself refuses to change or delete them."""

from datetime import UTC, datetime

from django.db import migrations
from django.utils import timezone

WORDS = "the ledger is append-only: an entry is never changed or deleted; correct it with an adjust entry"

SQLITE = [
    f"""
    CREATE TRIGGER ledger_is_append_only_{verb} BEFORE {verb} ON generations_ledgerentry
    BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
    """
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    """
    CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON generations_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()
    """,
    """
    CREATE TRIGGER ledger_is_append_only_truncate BEFORE TRUNCATE ON generations_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
    """,
]
READ_ON = datetime(2026, 11, 20, tzinfo=UTC)  # of the prices that 0002 loads, as their sources say


def guard(connection):
    """Make the triggers; a later migration that rebuilds the table on SQLite has to call this again."""
    _execute(connection, {"sqlite": SQLITE, "postgresql": POSTGRESQL}[connection.vendor])


def unguard(connection):
    """Take the triggers away."""
    sqlite = [f"DROP TRIGGER IF EXISTS ledger_is_append_only_{verb}" for verb in ("UPDATE", "DELETE")]
    postgresql = ["DROP FUNCTION IF EXISTS ledger_is_append_only() CASCADE"]
    _execute(connection, {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor])


def _execute(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def forward(apps, schema_editor):
    entries = apps.get_model("generations", "LedgerEntry")
    for pk, at in entries.objects.values_list("pk", "at").iterator():
        entries.objects.filter(pk=pk).update(day=timezone.localdate(at))
    price = apps.get_model("generations", "Price")
    price.objects.filter(source__endswith=f", read {READ_ON.date()}").update(checked_at=READ_ON)
    guard(schema_editor.connection)


def backward(apps, schema_editor):
    unguard(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("generations", "0004_money")]
    operations = [migrations.RunPython(forward, backward)]
