from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0019_library_required"),
    ]

    operations = [
        migrations.AddField(
            model_name="video",
            name="preview_tries",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often making the preview was begun."),
        ),
        migrations.AddField(
            model_name="video",
            name="poster_seconds",
            field=models.FloatField(help_text="Where in the clip a person chose its poster; empty: nobody.", null=True),
        ),
    ]
