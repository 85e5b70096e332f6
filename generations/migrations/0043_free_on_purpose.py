"""A price of 0 says that it is meant so. Those that are there go on to cost nothing, and are marked."""

from decimal import Decimal
from typing import Any

from django.db import migrations, models
from django.db.models import Q


def mark(apps: Any, schema_editor: Any) -> None:
    apps.get_model("generations", "Price").objects.filter(usd=0).update(is_free=True)


class Migration(migrations.Migration):
    dependencies = [("generations", "0042_guessed")]
    operations = [
        migrations.AlterModelOptions(
            name="price",
            options={
                "ordering": ["provider", "model", "mode", "duration_seconds", "-valid_from"],
                "permissions": [("add_free_price", "Can add a price of 0 on purpose")],
                "verbose_name": "price",
                "verbose_name_plural": "prices",
            },
        ),
        migrations.AddField(
            model_name="price",
            name="is_free",
            field=models.BooleanField(
                default=False,
                help_text="For a clip that costs nothing: its price is 0.",
                verbose_name="free on purpose",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="price", name="price_usd_sane"),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=Q(usd__gt=0, usd__lte=Decimal(1000), is_free=False) | Q(usd=0, is_free=True),
                name="price_is_free_on_purpose",
            ),
        ),
    ]
