"""Orders of the same words are found by their beginning, and not by reading every order."""

from django.db import migrations, models
from django.db.models.functions import Left


class Migration(migrations.Migration):
    dependencies = [("generations", "0007_headings")]
    operations = [
        migrations.AddField(
            model_name="generationtask",
            name="beginning",
            field=models.GeneratedField(
                db_persist=True, expression=Left("prompt_text", 60), output_field=models.CharField(max_length=60)
            ),
        ),
        migrations.AddIndex(
            model_name="generationtask", index=models.Index(fields=["beginning"], name="task_beginning")
        ),
    ]
