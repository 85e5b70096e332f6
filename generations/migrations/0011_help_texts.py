"""Plainer help texts; no column changes."""

import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0010_files'),
    ]

    operations = [
        migrations.AlterField(
            model_name='generationtask',
            name='attempts',
            field=models.PositiveIntegerField(default=0, help_text='How often it was claimed for sending; fences late answers.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='batch',
            field=models.UUIDField(default=uuid.uuid4, help_text='The takes of one order share it.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='candidate_id',
            field=models.CharField(blank=True, help_text='An id that a callback gave for an unconfirmed order.', max_length=200),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='crash_count',
            field=models.PositiveIntegerField(default=0, help_text='How many workers in a row crashed during this task.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='failures',
            field=models.PositiveIntegerField(default=0, help_text='Failed attempts in a row.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='maybe_accepted',
            field=models.BooleanField(default=False, help_text='An earlier attempt may have been accepted.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='poll_count',
            field=models.PositiveIntegerField(default=0, help_text='How often its state was polled.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='remote_state',
            field=models.CharField(blank=True, help_text="The provider's own word for the state, from its last answer.", max_length=50),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='stops_when_approved',
            field=models.BooleanField(default=False, help_text='Canceled if it is not sent when another take is approved.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='take',
            field=models.PositiveSmallIntegerField(default=1, help_text='The number of the clip in its order, from 1.'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='urls_died',
            field=models.BooleanField(default=False, help_text='The result URLs no longer work: poll for new ones.'),
        ),
    ]
