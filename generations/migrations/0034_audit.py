"""The audit, which the database itself refuses to change or to delete."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

groups = import_module("generations.migrations.0024_groups")
GRANTED = {name: ["view_auditentry"] for name in ("Finance", "Operator")}
WORDS = "the audit is append-only: an entry is never changed or deleted"
SQLITE = [
    f"""
    CREATE TRIGGER audit_is_append_only_{verb} BEFORE {verb} ON generations_auditentry
    BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
    """
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    """
    CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON generations_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
    """,
    """
    CREATE TRIGGER audit_is_append_only_truncate BEFORE TRUNCATE ON generations_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
    """,
]


def guard(connection):
    """Make the triggers; a later migration that rebuilds the table on SQLite has to call this again."""
    _execute(connection, {"sqlite": SQLITE, "postgresql": POSTGRESQL}[connection.vendor])


def unguard(connection):
    """Take the triggers away."""
    sqlite = [f"DROP TRIGGER IF EXISTS audit_is_append_only_{verb}" for verb in ("UPDATE", "DELETE")]
    postgresql = ["DROP FUNCTION IF EXISTS audit_is_append_only() CASCADE"]
    _execute(connection, {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor])


def _execute(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def forward(apps, schema_editor):
    guard(schema_editor.connection)
    groups.make_permissions(apps)
    groups.grant(apps, GRANTED)


def backward(apps, schema_editor):
    unguard(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0033_list_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('action', models.CharField(choices=[('ordered', 'ordered'), ('canceled', 'canceled'), ('gave_id', "gave the provider's id"), ('closed', 'closed as not accepted'), ('waited', 'left undecided'), ('asked', 'requested a review'), ('approved', 'approved'), ('rejected', 'rejected'), ('cleared', 'cleared a decision'), ('sent_back', 'sent back'), ('published', 'published'), ('unpublished', 'unpublished'), ('shared', 'shared by a link'), ('revoked', 'revoked a link'), ('corrected', 'corrected a cost'), ('priced', 'added a price'), ('limited', 'set a budget'), ('paused', 'paused orders'), ('resumed', 'resumed orders'), ('granted', 'changed who may do or see what'), ('deleted', 'deleted')], max_length=20)),
                ('kind', models.CharField(help_text='The model of the row that it is about.', max_length=100)),
                ('row', models.BigIntegerField(help_text='Its number, also when the row is gone.', null=True)),
                ('name', models.CharField(help_text='What it was called then.', max_length=300)),
                ('words', models.CharField(blank=True, help_text='The reason, or what was chosen.', max_length=300)),
                ('amount_usd', models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                ('practice', models.BooleanField(help_text='The amount is practice money.')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['-at', '-id'], name='audit_newest'), models.Index(fields=['by', '-at'], name='audit_by_person'), models.Index(fields=['action', '-at'], name='audit_by_action'), models.Index(fields=['kind', 'row'], name='audit_of_row')],
            },
        ),
        migrations.RunPython(forward, backward),
    ]
