"""An index of the few tasks with a candidate, which the queue's page and the first page look for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0025_last_choice")]

    operations = [
        migrations.AddIndex(
            model_name="generationtask",
            index=models.Index(
                fields=["status"], name="task_with_candidate", condition=models.Q(("candidate_id", ""), _negated=True)
            ),
        ),
    ]
