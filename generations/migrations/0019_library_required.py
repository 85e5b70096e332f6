"""Each task and each clip has its shot; each clip has what it copies of its order."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0018_library_copies'),
    ]

    operations = [
        migrations.AlterField(
            model_name='generationtask',
            name='shot',
            field=models.ForeignKey(help_text='With takes and retries.', on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='generations.shot'),
        ),
        migrations.AlterField(
            model_name='video',
            name='mode',
            field=models.CharField(max_length=50),
        ),
        migrations.AlterField(
            model_name='video',
            name='model',
            field=models.CharField(max_length=50),
        ),
        migrations.AlterField(
            model_name='video',
            name='practice',
            field=models.BooleanField(),
        ),
        migrations.AlterField(
            model_name='video',
            name='prompt',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to='generations.prompt'),
        ),
        migrations.AlterField(
            model_name='video',
            name='provider',
            field=models.CharField(max_length=20),
        ),
        migrations.AlterField(
            model_name='video',
            name='shot',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to='generations.shot'),
        ),
    ]
