"""Clips of others before they are approved: a permission, which every group of today keeps."""

from importlib import import_module

from django.db import migrations

groups = import_module("generations.migrations.0024_groups")


def forward(apps, schema_editor):
    groups.make_permissions(apps)
    names = apps.get_model("auth", "Group").objects.values_list("name", flat=True)
    groups.grant(apps, {name: ["see_drafts"] for name in names})


class Migration(migrations.Migration):
    dependencies = [("generations", "0034_audit")]
    operations = [
        migrations.AlterModelOptions(
            name="video",
            options={
                "ordering": ["-created_at", "-id"],
                "permissions": [
                    ("review_clips", "Can approve and reject clips"),
                    ("publish_clips", "Can publish clips"),
                    ("share_clips", "Can share clips by a link"),
                    ("see_drafts", "Can see clips of others before they are approved"),
                ],
            },
        ),
        migrations.RunPython(forward, migrations.RunPython.noop),
    ]
