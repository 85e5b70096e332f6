"""A task keeps all its parameters; a price may be a minimum, by the second, and for any parameter."""

from django.db import migrations, models

SAME = ["provider", "model", "mode", "duration_seconds", "route", "settings", "valid_from"]
NAMES = ("sound", "aspect_ratio", "negative_prompt", "route")


def fill(apps, schema_editor):
    """Give old tasks the parameters that their columns hold, and mark the starting prices that were loaded."""
    task = apps.get_model("generations", "GenerationTask")
    rows = []
    for row in task.objects.iterator(chunk_size=500):
        chosen = {name: value for name in NAMES if (value := getattr(row, name)) not in (None, "")}
        if row.cfg_scale is not None:
            chosen["cfg_scale"] = str(row.cfg_scale)
        row.parameters = {"prompt": row.prompt_text, "duration": row.duration_seconds, **chosen}
        rows.append(row)
        if len(rows) == 500:
            task.objects.bulk_update(rows, ["parameters"])
            rows = []
    task.objects.bulk_update(rows, ["parameters"])
    apps.get_model("generations", "Price").objects.filter(source__contains="starting price").update(is_minimum=True)


class Migration(migrations.Migration):
    dependencies = [("generations", "0012_small_posters")]
    operations = [
        migrations.RemoveConstraint("Price", "price_once_a_day_by_sound"),
        migrations.RemoveConstraint("Price", "price_once_a_day"),
        migrations.AddField(
            "GenerationTask",
            "parameters",
            models.JSONField(
                default=dict,
                help_text="All that was chosen, but for the pictures; columns repeat what lists and reports need.",
            ),
        ),
        migrations.AddField(
            "GenerationTask",
            "price_is_minimum",
            models.BooleanField(default=False, help_text="A starting price: the clip may cost more."),
        ),
        migrations.AddField(
            "Price",
            "is_minimum",
            models.BooleanField(
                default=False, help_text="The page calls it so: a clip may cost more.", verbose_name="starting price"
            ),
        ),
        migrations.AddField(
            "Price",
            "settings",
            models.CharField(
                blank=True,
                help_text="Other parameters that it holds for, as NAME=VALUE with spaces between: resolution=1080p.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            "Price",
            "unit",
            models.CharField(choices=[("clip", "a clip"), ("second", "a second")], default="clip", max_length=10),
        ),
        migrations.AlterField(
            "Price",
            "duration_seconds",
            models.PositiveSmallIntegerField(
                blank=True, default=0, help_text="Empty: any length, for a price by the second."
            ),
        ),
        migrations.AlterField(
            "Price",
            "route",
            models.CharField(blank=True, help_text="Empty: the account's default route.", max_length=20),
        ),
        migrations.AddConstraint(
            "Price", models.UniqueConstraint(fields=[*SAME, "sound"], name="price_once_a_day_by_sound")
        ),
        migrations.AddConstraint(
            "Price",
            models.UniqueConstraint(condition=models.Q(sound=None), fields=SAME, name="price_once_a_day"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
