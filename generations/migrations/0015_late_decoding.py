"""Clips are decoded to the last frame after they are stored; those that arrived damaged are kept and flagged."""

from typing import Any

from django.db import migrations, models


def were_decoded(apps: Any, schema_editor: Any) -> None:
    """Until now every frame was decoded before a clip was stored."""
    apps.get_model("generations", "Video").objects.update(decoded_at=models.F("created_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0014_truth'),
    ]

    operations = [
        migrations.AddField(
            model_name='generationtask',
            name='refused_sha256',
            field=models.CharField(blank=True, help_text='Of the last file that was refused.', max_length=64),
        ),
        migrations.AddField(
            model_name='video',
            name='arrived_damaged',
            field=models.CharField(blank=True, help_text='What is wrong with the bytes that the provider delivered.', max_length=200),
        ),
        migrations.AddField(
            model_name='video',
            name='decode_due_at',
            field=models.DateTimeField(help_text='When it is to be decoded, or fetched again; empty when nothing remains to be done.', null=True),
        ),
        migrations.AddField(
            model_name='video',
            name='decoded_at',
            field=models.DateTimeField(help_text='When every frame was decoded; empty until then.', null=True),
        ),
        migrations.RunPython(were_decoded, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('decode_due_at__isnull', False)), fields=['decode_due_at'], name='video_decode_due'),
        ),
        migrations.AddConstraint(
            model_name='video',
            constraint=models.CheckConstraint(condition=models.Q(('decoded_at__isnull', False), ('decode_due_at__isnull', False), _connector='OR'), name='video_decoded_or_due'),
        ),
    ]
