"""Batches: what was ordered together; and the waiting order that another was changed from."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0026_candidate_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='generationtask',
            name='replaces',
            field=models.ForeignKey(help_text='The waiting order that it was changed from, which was canceled for it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='generations.generationtask'),
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField()),
                ('stops_when_approved', models.BooleanField(default=False, help_text='Once one clip is approved, all of it that was not sent is canceled.')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='batches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'batches',
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='generationtask',
            name='order_batch',
            field=models.ForeignKey(help_text='What it was ordered together with.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='generations.batch'),
        ),
    ]
