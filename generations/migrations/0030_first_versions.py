"""Give each prompt its first version, and the words that searches compare."""

from typing import Any

from django.db import migrations

from generations.folding import fold

VERSIONS = """
    INSERT INTO generations_promptversion (prompt_id, number, text, negative_prompt, at, by_id)
    SELECT id, 1, text, negative_prompt, updated_at, created_by_id FROM generations_prompt
"""
WORDS = "UPDATE generations_prompt SET words = %s WHERE id = %s"
PORTION = 2000


def fill(apps: Any, schema_editor: Any) -> None:
    prompts = apps.get_model("generations", "Prompt").objects.order_by("pk")
    texts = prompts.values_list("pk", "title", "text", "negative_prompt", "notes")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(VERSIONS)
        last = 0
        while portion := list(texts.filter(pk__gt=last)[:PORTION]):
            cursor.executemany(WORDS, [(fold(*rest), pk) for pk, *rest in portion])
            last = portion[-1][0]


class Migration(migrations.Migration):
    dependencies = [("generations", "0029_prompt_library")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
