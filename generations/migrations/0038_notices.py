"""Notices, from what happens now on, and webhooks, which Operators may set up."""

from importlib import import_module

import django.db.models.deletion
import generations.models.endpoints
from django.conf import settings
from django.db import migrations, models

groups = import_module("generations.migrations.0024_groups")
GRANTED = {"Operator": [f"{verb}_endpoint" for verb in ("view", "add", "change", "delete")]}
READ = {"tasks": "TaskEvent", "budgets": "BudgetEvent"}  # the cursors, and what each of them counts


def forward(apps, schema_editor):
    for name, model in READ.items():
        newest = apps.get_model("generations", model).objects.order_by("pk").values_list("pk", flat=True).last()
        apps.get_model("generations", "NoticeCursor").objects.create(name=name, settled=newest or 0)
    groups.make_permissions(apps)
    groups.grant(apps, GRANTED)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('generations', '0037_ledger_unpriced'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NoticeChoice',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notice_choice', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('hidden', models.JSONField(default=list, help_text='The kinds that the admin does not tell.')),
                ('mailed', models.JSONField(default=list, help_text='The kinds that digests tell.')),
                ('how_often', models.CharField(choices=[('never', 'Never'), ('hourly', 'At most once an hour'), ('daily', 'At most once a day')], default='never', max_length=10)),
                ('language', models.CharField(default='en', help_text='Of the digests.', max_length=10)),
                ('digest_at', models.DateTimeField(help_text='When the last digest was claimed.', null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='NoticeCursor',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('settled', models.BigIntegerField(default=0, help_text='No row up to this number is read any more.')),
                ('seen', models.BigIntegerField(default=0, help_text='The highest number when it was last noted.')),
                ('seen_at', models.DateTimeField(help_text='When it was noted.', null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.URLField(max_length=500, unique=True, verbose_name='address')),
                ('kinds', models.JSONField(default=list, help_text='What it is told.', verbose_name='kinds')),
                ('active', models.BooleanField(default=True, help_text='Otherwise nothing is sent there but tests.', verbose_name='active')),
                ('off_because', models.CharField(blank=True, editable=False, max_length=300)),
                ('nonce', models.CharField(default=generations.models.endpoints.new_nonce, editable=False, max_length=32)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'webhook',
                'verbose_name_plural': 'webhooks',
                'ordering': ['address'],
            },
        ),
        migrations.CreateModel(
            name='Happening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='What it is made of, so that it is told once.', max_length=100, unique=True)),
                ('kind', models.CharField(choices=[('batch', 'Finished batches'), ('failed', 'Failed orders'), ('undecided', 'Orders that need a person'), ('budget', 'Budget alarms'), ('pause', 'Paused orders'), ('endpoint', 'Webhooks that were switched off')], max_length=20)),
                ('at', models.DateTimeField()),
                ('page', models.CharField(help_text='Which page it leads to.', max_length=20)),
                ('row', models.BigIntegerField(help_text='The number of the row on that page.', null=True)),
                ('facts', models.JSONField(default=dict)),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generations.campaign')),
            ],
            options={
                'ordering': ['-at', '-id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('in_admin', models.BooleanField(default=True)),
                ('by_mail', models.BooleanField(default=False)),
                ('read_at', models.DateTimeField(null=True)),
                ('mailed_at', models.DateTimeField(help_text='When the digest that tells it was claimed.', null=True)),
                ('happening', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='generations.happening')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WebhookMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(default=generations.models.endpoints.new_message_id, max_length=50, unique=True)),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(help_text='Empty: delivered, or given up.', null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='generations.endpoint')),
                ('happening', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='generations.happening')),
            ],
            options={
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WebhookTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('http_status', models.PositiveSmallIntegerField(help_text='Of the answer; empty: there was none.', null=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('seconds', models.FloatField()),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='log', to='generations.webhookmessage')),
            ],
            options={
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='happening',
            index=models.Index(fields=['at'], name='happening_by_time'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['person', '-id'], name='notice_newest'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('in_admin', True), ('read_at', None)), fields=['person'], name='notice_unread'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('by_mail', True), ('mailed_at', None)), fields=['person'], name='notice_to_mail'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('person', 'happening'), name='notice_once_for_a_person'),
        ),
        migrations.AddIndex(
            model_name='webhookmessage',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at', 'id'], name='webhook_due'),
        ),
        migrations.AddConstraint(
            model_name='webhookmessage',
            constraint=models.UniqueConstraint(fields=('endpoint', 'happening'), name='webhook_once_for_an_endpoint'),
        ),
        migrations.AddConstraint(
            model_name='webhookmessage',
            constraint=models.CheckConstraint(condition=models.Q(('due_at', None), ('delivered_at', None), _connector='OR'), name='webhook_due_until_it_is_delivered'),
        ),
        migrations.RunPython(forward, migrations.RunPython.noop),
    ]
