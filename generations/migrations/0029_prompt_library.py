"""Keep each wording of a prompt, what Generate starts from, what searches compare, and each person's favourites."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("generations", "0028_first_page_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="prompt",
            name="defaults",
            field=models.JSONField(blank=True, default=dict, editable=False, help_text="What Generate starts from, by the names of its fields."),
        ),
        migrations.AddField(
            model_name="prompt",
            name="words",
            field=models.TextField(blank=True, editable=False, help_text="Its texts, folded for searches."),
        ),
        migrations.CreateModel(
            name="FavouritePrompt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="favourite_prompts", to=settings.AUTH_USER_MODEL)),
                ("prompt", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="favourites", to="generations.prompt")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("person", "prompt"), name="favourite_prompt_once")],
            },
        ),
        migrations.CreateModel(
            name="PromptVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="From 1, without gaps.")),
                ("text", models.TextField()),
                ("negative_prompt", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("prompt", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="generations.prompt")),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [models.UniqueConstraint(fields=("prompt", "number"), name="prompt_version_once")],
            },
        ),
    ]
