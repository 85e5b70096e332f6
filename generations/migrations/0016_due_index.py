"""The index of due tasks holds all that the conductor asks several times a second."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0015_late_decoding")]

    operations = [
        migrations.RemoveIndex(model_name="generationtask", name="task_due"),
        migrations.AddIndex(
            model_name="generationtask",
            index=models.Index(
                fields=["due_at", "status", "provider", "practice"],
                name="task_due",
                condition=models.Q(due_at__isnull=False),
            ),
        ),
    ]
