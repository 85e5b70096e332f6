"""Give each task its shot, and each clip what it copies of its order and what searches compare."""

from typing import Any

from django.db import connections, migrations
from django.core.management.color import no_style
from django.db.models import F, OuterRef, Subquery

from generations.folding import fold

ORDERED = ("shot_id", "prompt_id", "campaign_id", "ordered_by_id", "provider", "model", "mode", "aspect_ratio", "practice")


def fill(apps: Any, schema_editor: Any) -> None:
    tasks = apps.get_model("generations", "GenerationTask").objects
    videos = apps.get_model("generations", "Video").objects
    shots = apps.get_model("generations", "Shot").objects
    # A shot is numbered as its first task. The order of a batch is one shot; a retry joins the task that it retries.
    first = tasks.filter(batch=OuterRef("batch")).order_by("id").values("id")[:1]
    tasks.update(shot_id=Subquery(first))
    retried = tasks.filter(pk=OuterRef("retry_of_id")).values("shot_id")[:1]
    while tasks.annotate(earlier=Subquery(retried)).exclude(earlier=None).exclude(earlier=F("shot_id")).update(
        shot_id=Subquery(retried)
    ):
        pass
    numbers = tasks.order_by("shot_id").values_list("shot_id", flat=True).distinct()
    portion: list[Any] = []
    for number in numbers.iterator(chunk_size=2000):
        portion.append(shots.model(pk=number))
        if len(portion) == 2000:
            shots.bulk_create(portion)
            portion = []
    shots.bulk_create(portion)
    connection = connections[schema_editor.connection.alias]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [shots.model]):
            cursor.execute(statement)
    ordered = tasks.filter(pk=OuterRef("task_id"))
    videos.update(
        preview_due_at=F("created_at"), **{name: Subquery(ordered.values(name)[:1]) for name in ORDERED}
    )
    _write_words(videos)


def _write_words(videos: Any) -> None:
    last = 0
    while portion := list(
        videos.filter(pk__gt=last).select_related("task").prefetch_related("prompt__tags").order_by("pk")[:1000]
    ):
        for video in portion:
            tags = [tag.name for tag in video.prompt.tags.all()]
            video.words = fold(video.title, video.description, video.task.prompt_text, *tags)
        videos.bulk_update(portion, ["words"], batch_size=200)
        last = portion[-1].pk


class Migration(migrations.Migration):
    dependencies = [("generations", "0017_library")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
