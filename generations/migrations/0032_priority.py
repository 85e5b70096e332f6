"""The order of sending by priority, and pauses by people, of the whole site too."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0031_continued"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="generationtask",
            name="priority",
            field=models.IntegerField(default=0, help_text="Of the orders that are due, the highest is sent first."),
        ),
        migrations.AddIndex(
            model_name="generationtask",
            index=models.Index(
                fields=["provider", "-priority", "due_at", "id", "practice"],
                name="task_to_send",
                condition=models.Q(("status", "queued")),
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="paused_by",
            field=models.ForeignKey(
                help_text="Empty: the machine, after a refusal.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="pause",
            name="provider",
            field=models.CharField(blank=True, help_text="Empty: the orders to all.", max_length=20),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(("model", ""), models.Q(("provider", ""), _negated=True), _connector="OR"),
                name="pause_of_model_names_provider",
            ),
        ),
    ]
