"""Each person's last choice, from which their next order starts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length"), ("generations", "0024_groups")]

    operations = [
        migrations.CreateModel(
            name="LastChoice",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="last_choice",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("fields", models.JSONField(default=dict)),
            ],
            options={"default_permissions": ()},
        ),
    ]
