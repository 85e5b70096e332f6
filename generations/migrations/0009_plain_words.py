"""Columns and tables get the names that the rest of the program uses; every row keeps what it says."""

from importlib import import_module

from django.db import migrations, models

kept = import_module("generations.migrations.0005_ledger_is_kept")
headings = import_module("generations.migrations.0007_headings")

# The same two functions over the renamed table and column.
CENTERS = [
    statement.replace("generations_heading", "generations_costcenter")
    .replace("ledger_heading_of", "ledger_cost_center_of")
    .replace("ledger_has_headings", "ledger_has_cost_centers")
    .replace("NEW.heading_id", "NEW.cost_center_id")
    for statement in headings.TRIGGER
]
UNDO = [
    "DROP FUNCTION IF EXISTS ledger_has_cost_centers() CASCADE",
    "DROP FUNCTION IF EXISTS ledger_cost_center_of(bigint)",
]
VERBS = ("add", "change", "delete", "view")


def drop_old_triggers(apps, schema_editor):
    _execute(schema_editor.connection, headings.UNDO)


def make_old_triggers(apps, schema_editor):
    _execute(schema_editor.connection, headings.TRIGGER)
    headings.guard_again(apps, schema_editor)


def make_triggers(apps, schema_editor):
    _execute(schema_editor.connection, CENTERS)
    headings.guard_again(apps, schema_editor)  # SQLite rebuilt the table, and forgot its triggers


def drop_triggers(apps, schema_editor):
    _execute(schema_editor.connection, UNDO)


def _execute(connection, statements):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def rename_permissions(apps, was, now):
    """Who may do something with a renamed model may still do it."""
    permission = apps.get_model("auth", "Permission")
    for old, new in zip(was, now, strict=True):
        for verb in VERBS:
            permission.objects.filter(content_type__app_label="generations", codename=f"{verb}_{old}").update(
                codename=f"{verb}_{new}"
            )


def permissions_forward(apps, schema_editor):
    rename_permissions(apps, ("breaker", "heading"), ("pause", "costcenter"))


def permissions_backward(apps, schema_editor):
    rename_permissions(apps, ("pause", "costcenter"), ("breaker", "heading"))


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0008_words"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunPython(drop_old_triggers, make_old_triggers),
        migrations.RemoveIndex("LedgerEntry", "ledger_for_reports"),
        migrations.RemoveIndex("LedgerEntry", "ledger_without_heading"),
        migrations.RemoveConstraint("Heading", "heading_once"),
        migrations.RenameModel("Heading", "CostCenter"),
        migrations.RenameField("LedgerEntry", "heading", "cost_center"),
        migrations.AddConstraint(
            "CostCenter",
            models.UniqueConstraint(
                fields=["provider", "model", "mode", "campaign_key", "person_key"], name="cost_center_once"
            ),
        ),
        migrations.AddIndex(
            "LedgerEntry",
            models.Index(
                fields=["practice", "kind", "day", "cost_center", "prompt_key", "task", "amount_usd"],
                name="ledger_for_reports",
            ),
        ),
        migrations.AddIndex(
            "LedgerEntry",
            models.Index(
                condition=models.Q(("cost_center", None)), fields=["cost_center"], name="ledger_without_cost_center"
            ),
        ),
        migrations.RenameModel("Breaker", "Pause"),
        migrations.RenameField("Pause", "opened_at", "paused_at"),
        migrations.AlterModelOptions("Pause", options={"verbose_name": "paused provider"}),
        migrations.RenameField("GenerationTask", "deaths", "crash_count"),
        migrations.RenameField("GenerationTask", "posts", "send_count"),
        migrations.RenameField("GenerationTask", "asks", "poll_count"),
        migrations.RenameField("GenerationTask", "doubtful", "maybe_accepted"),
        migrations.RunPython(permissions_forward, permissions_backward),
        migrations.RunPython(make_triggers, drop_triggers),
    ]
