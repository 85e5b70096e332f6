"""A pause may be of one model; an id that is checked keeps its answer; a task keeps its provider's times."""

from typing import Any

from django.db import migrations, models

COLUMNS = ("provider", "reason", "paused_at")


def keep(apps: Any, schema_editor: Any) -> None:
    new = apps.get_model("generations", "NewPause").objects
    for row in apps.get_model("generations", "Pause").objects.values(*COLUMNS):
        new.create(model="", **row)


def put_back(apps: Any, schema_editor: Any) -> None:
    """A model's pause becomes one of its provider: sooner too wide than no pause at all."""
    old = apps.get_model("generations", "Pause").objects
    for row in apps.get_model("generations", "NewPause").objects.order_by("provider", "model").values(*COLUMNS):
        old.get_or_create(provider=row["provider"], defaults=row)


# Wrapped, so that the content type is not renamed with it: the new table takes the old one's name and permissions.
RENAME = migrations.RenameModel("NewPause", "Pause")


class Migration(migrations.Migration):
    dependencies = [("generations", "0013_parameters")]
    operations = [
        migrations.CreateModel(
            name="NewPause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20)),
                (
                    "model",
                    models.CharField(
                        blank=True, help_text="Whose orders are paused; empty: those of all.", max_length=50
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("paused_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "pause of orders",
                "verbose_name_plural": "pauses of orders",
                "ordering": ["provider", "model"],
                "constraints": [models.UniqueConstraint(fields=["provider", "model"], name="pause_once")],
            },
        ),
        migrations.RunPython(keep, put_back),
        migrations.DeleteModel("Pause"),
        migrations.SeparateDatabaseAndState(database_operations=[RENAME], state_operations=[RENAME]),
        migrations.AlterField(
            "GenerationTask",
            "candidate_id",
            models.CharField(
                blank=True, help_text="An id that a person or a callback gave for an order without one.", max_length=200
            ),
        ),
        migrations.AddField(
            "GenerationTask",
            "candidate_answer",
            models.TextField(
                blank=True, help_text="What the provider last answered when it was asked for such an id."
            ),
        ),
        migrations.AddField("GenerationTask", "remote_created_at", models.DateTimeField(null=True)),
        migrations.AddField("GenerationTask", "remote_completed_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "GenerationTask",
            "remote_seconds",
            models.FloatField(help_text="How long the provider worked on it.", null=True),
        ),
    ]
