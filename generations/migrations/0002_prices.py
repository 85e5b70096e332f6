"""The published prices, as the documents give them; kling-2-6 and Apikley publish none, so none is invented."""

from datetime import date

from django.db import migrations

READ_ON = date(2026, 11, 20)
KLING_2_1 = "APIXO documents, Kling 2.1, Billing"
KLING_2_5 = "APIXO documents, Kling 2.5 Turbo Pro, Billing (starting price)"

# (model, mode, USD for 5 s, USD for 10 s, source)
PUBLISHED = [
    ("kling-2-1", "standard-image-to-video", "0.20", "0.40", KLING_2_1),
    ("kling-2-1", "pro-image-to-video", "0.35", "0.70", KLING_2_1),
    ("kling-2-1", "master-text-to-video", "1.00", "2.00", KLING_2_1),
    ("kling-2-1", "master-image-to-video", "1.00", "2.00", KLING_2_1),
    ("kling-2-5-turbo-pro", "text-to-video", "0.30", "0.60", KLING_2_5),
    ("kling-2-5-turbo-pro", "image-to-video", "0.30", "0.60", KLING_2_5),
]


def load(apps, schema_editor):
    price = apps.get_model("generations", "Price")
    price.objects.bulk_create(
        price(
            provider="apixo",
            model=model,
            mode=mode,
            duration_seconds=seconds,
            usd=usd,
            valid_from=date(2026, 1, 1),
            source=f"{source}, read {READ_ON}",
        )
        for model, mode, five, ten, source in PUBLISHED
        for seconds, usd in ((5, five), (10, ten))
    )


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
