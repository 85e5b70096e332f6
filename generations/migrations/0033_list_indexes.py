"""The lists of tasks and of the ledger go by time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0032_priority")]

    operations = [
        migrations.AddIndex(
            model_name="generationtask", index=models.Index(fields=["created_at"], name="task_by_time")
        ),
        migrations.AddIndex(
            model_name="ledgerentry", index=models.Index(fields=["-at", "-id"], name="ledger_by_time")
        ),
    ]
