"""Clips and posters become file fields, in the same columns; an index gets its plain name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0009_plain_words")]
    operations = [
        # State only: both fields are a varchar(200), so no table needs to be rebuilt.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "Video",
                    "file",
                    models.FileField(
                        help_text="Relative to the storage's root.", max_length=200, unique=True, upload_to=""
                    ),
                ),
                migrations.AlterField(
                    "Video", "poster", models.FileField(blank=True, db_index=True, max_length=200, upload_to="")
                ),
            ]
        ),
        migrations.RenameIndex("Video", new_name="video_approved", old_name="video_kept"),
    ]
