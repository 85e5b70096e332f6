from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0021_preview_tries")]

    operations = [
        migrations.RenameField(model_name="share", old_name="tries_since", new_name="tried_at"),
        migrations.AlterField(
            model_name="share",
            name="tries",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="Wrong passwords, each less than a minute after the one before."
            ),
        ),
        migrations.AlterField(
            model_name="share",
            name="tried_at",
            field=models.DateTimeField(editable=False, help_text="When a password was last tried.", null=True),
        ),
    ]
