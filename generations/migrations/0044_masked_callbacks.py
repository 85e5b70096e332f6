"""Mask the tokens and keys that a provider repeated, in callbacks and errors from before they were masked as they came."""

from typing import Any

from django.conf import settings
from django.db import migrations

from generations.logs import without_secrets

TEXTS = {"Delivery": "body", "GenerationTask": "error_message"}
PORTION = 500  # of 64 kB at most


def mask(apps: Any, schema_editor: Any) -> None:
    keys = [config.api_key for config in settings.PROVIDERS.values()]
    for model, column in TEXTS.items():
        rows = apps.get_model("generations", model).objects.order_by("pk").exclude(**{column: ""})
        update = f"UPDATE {rows.model._meta.db_table} SET {column} = %s WHERE id = %s"  # noqa: S608
        last = 0
        while portion := list(rows.filter(pk__gt=last).values_list("pk", column)[:PORTION]):
            with schema_editor.connection.cursor() as cursor:
                new = [(without_secrets(text, *keys), pk, text) for pk, text in portion]
                cursor.executemany(update, [(text, pk) for text, pk, old in new if text != old])
            last = portion[-1][0]


class Migration(migrations.Migration):
    dependencies = [("generations", "0043_free_on_purpose")]
    operations = [migrations.RunPython(mask, migrations.RunPython.noop)]
