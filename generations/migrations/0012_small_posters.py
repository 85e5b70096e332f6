"""Each clip names the small poster that lists load; old clips get theirs from `reconcile`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0011_help_texts")]
    operations = [
        migrations.AddField(
            "Video",
            "poster_small",
            models.FileField(
                blank=True, db_index=True, help_text="The one that lists load.", max_length=200, upload_to=""
            ),
        ),
    ]
