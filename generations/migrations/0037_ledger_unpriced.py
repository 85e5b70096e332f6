"""An index of the entries without an amount, which the ledger's page counts each time it opens."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0036_verbose_names")]
    operations = [
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(condition=models.Q(amount_usd=None), fields=["kind", "task"], name="ledger_unpriced"),
        ),
    ]
