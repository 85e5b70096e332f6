"""Shots, collections, shares, comments, and what the catalog filters by."""

import django.db.models.deletion
import generations.models.shares
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('generations', '0016_due_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClipEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('was', models.CharField(max_length=20)),
                ('now', models.CharField(max_length=20)),
                ('reason', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('slug', models.SlugField(help_text='Names it in addresses.', max_length=60, unique=True)),
                ('description', models.TextField(blank=True)),
                ('is_restricted', models.BooleanField(default=False, help_text='Only these people and groups see it.', verbose_name='restricted')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CollectionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(help_text='From 0; gaps are allowed.')),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at_seconds', models.FloatField(blank=True, help_text='Empty: about the whole clip.', null=True)),
                ('text', models.TextField(max_length=2000)),
                ('guest_name', models.CharField(blank=True, max_length=60)),
                ('created_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['created_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Disclosure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('could_seem_real', models.BooleanField(help_text='Shows what could be taken for a real person, place or event.')),
                ('is_labelled', models.BooleanField(help_text='The label AI-generated is shown.')),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Favourite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.CreateModel(
            name='Folder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('search', models.TextField(blank=True, help_text='As in the address, such as q=fox&ratio=9:16.')),
                ('token', models.CharField(default=generations.models.shares.new_token, editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(default=generations.models.shares.new_token, editable=False, max_length=64, unique=True)),
                ('search', models.TextField(blank=True, help_text="The search's address, such as q=fox&ratio=9:16.")),
                ('expires_at', models.DateTimeField(blank=True, help_text='Empty: never.', null=True)),
                ('password', models.CharField(blank=True, editable=False, help_text='Hashed.', max_length=128)),
                ('may_download', models.BooleanField(default=False, verbose_name='downloads allowed')),
                ('may_comment', models.BooleanField(default=False, verbose_name='comments allowed')),
                ('views', models.PositiveIntegerField(default=0, editable=False)),
                ('tries', models.PositiveIntegerField(default=0, editable=False, help_text='Wrong passwords since `tries_since`.')),
                ('tries_since', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Shot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.AlterModelOptions(
            name='video',
            options={'ordering': ['-created_at', '-id'], 'permissions': [('review_clips', 'Can approve and reject clips'), ('publish_clips', 'Can publish clips'), ('share_clips', 'Can share clips by a link')]},
        ),
        migrations.RemoveConstraint(
            model_name='video',
            name='video_review_has_its_time',
        ),
        migrations.AddField(
            model_name='campaign',
            name='groups',
            field=models.ManyToManyField(blank=True, related_name='campaigns', to='auth.group'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='is_restricted',
            field=models.BooleanField(default=False, help_text='Of those who are not staff, only these people and groups see its clips.', verbose_name='restricted'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='people',
            field=models.ManyToManyField(blank=True, related_name='campaigns', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='video',
            name='aspect_ratio',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name='video',
            name='campaign',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to='generations.campaign'),
        ),
        migrations.AddField(
            model_name='video',
            name='color',
            field=models.CharField(blank=True, help_text="The poster's dominant color, such as #1a2b3c.", max_length=7),
        ),
        migrations.AddField(
            model_name='video',
            name='is_labelled',
            field=models.BooleanField(default=False, help_text='It is shown with the label AI-generated.'),
        ),
        migrations.AddField(
            model_name='video',
            name='mode',
            field=models.CharField(default='', max_length=50),
        ),
        migrations.AddField(
            model_name='video',
            name='model',
            field=models.CharField(default='', max_length=50),
        ),
        migrations.AddField(
            model_name='video',
            name='ordered_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='video',
            name='practice',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='video',
            name='preview',
            field=models.FileField(blank=True, db_index=True, help_text='Small, silent, for lists.', max_length=200, upload_to=''),
        ),
        migrations.AddField(
            model_name='video',
            name='preview_due_at',
            field=models.DateTimeField(help_text='When the preview is to be made; empty: not to be made.', null=True),
        ),
        migrations.AddField(
            model_name='video',
            name='prompt',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to='generations.prompt'),
        ),
        migrations.AddField(
            model_name='video',
            name='provider',
            field=models.CharField(default='', max_length=20),
        ),
        migrations.AddField(
            model_name='video',
            name='published_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='video',
            name='published_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='video',
            name='rating',
            field=models.PositiveSmallIntegerField(default=0, help_text="The team's stars, 0 to 5."),
        ),
        migrations.AddField(
            model_name='video',
            name='words',
            field=models.TextField(blank=True, help_text='Title, prompt, tags and description, folded for searches.'),
        ),
        migrations.AlterField(
            model_name='video',
            name='review',
            field=models.CharField(blank=True, choices=[('', 'undecided'), ('in_review', 'in review'), ('approved', 'approved'), ('rejected', 'rejected')], default='', max_length=10),
        ),
        migrations.AddField(
            model_name='clipevent',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='clipevent',
            name='video',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='generations.video'),
        ),
        migrations.AddField(
            model_name='collection',
            name='cover',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generations.video'),
        ),
        migrations.AddField(
            model_name='collection',
            name='created_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='collection',
            name='groups',
            field=models.ManyToManyField(blank=True, related_name='collections', to='auth.group'),
        ),
        migrations.AddField(
            model_name='collection',
            name='people',
            field=models.ManyToManyField(blank=True, related_name='collections', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='collectionitem',
            name='collection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='generations.collection'),
        ),
        migrations.AddField(
            model_name='collectionitem',
            name='video',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='generations.video'),
        ),
        migrations.AddField(
            model_name='comment',
            name='author',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='comments', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comment',
            name='mentions',
            field=models.ManyToManyField(blank=True, related_name='mentioned_in', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comment',
            name='parent',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='generations.comment'),
        ),
        migrations.AddField(
            model_name='comment',
            name='resolved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comment',
            name='video',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='generations.video'),
        ),
        migrations.AddField(
            model_name='disclosure',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='disclosure',
            name='video',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='disclosures', to='generations.video'),
        ),
        migrations.AddField(
            model_name='favourite',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='favourites', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='favourite',
            name='video',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='favourites', to='generations.video'),
        ),
        migrations.AddField(
            model_name='collection',
            name='folder',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='collections', to='generations.folder'),
        ),
        migrations.AddField(
            model_name='savedsearch',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_searches', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='share',
            name='collection',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='generations.collection'),
        ),
        migrations.AddField(
            model_name='share',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='share',
            name='video',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='generations.video'),
        ),
        migrations.AddField(
            model_name='comment',
            name='share',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='comments', to='generations.share'),
        ),
        migrations.AddField(
            model_name='shot',
            name='chosen',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='chosen_for', to='generations.video'),
        ),
        migrations.AddField(
            model_name='generationtask',
            name='shot',
            field=models.ForeignKey(help_text='With takes and retries.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='generations.shot'),
        ),
        migrations.AddField(
            model_name='video',
            name='shot',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to='generations.shot'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['shot', '-created_at', '-id'], name='video_shot'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['model', '-created_at', '-id'], name='video_model'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['campaign', '-created_at', '-id'], name='video_campaign'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['ordered_by', '-created_at', '-id'], name='video_ordered_by'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(fields=['prompt', '-created_at', '-id'], name='video_prompt'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('rating__gt', 0)), fields=['-rating', '-created_at', '-id'], name='video_rated'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('preview_due_at__isnull', False)), fields=['preview_due_at'], name='video_preview_due'),
        ),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('published_at__isnull', False)), fields=['-published_at', '-id'], name='video_published'),
        ),
        migrations.AddConstraint(
            model_name='video',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('review__in', ['', 'in_review']), ('reviewed_at', None)), models.Q(('review__in', ['approved', 'rejected']), ('reviewed_at__isnull', False)), _connector='OR'), name='video_review_has_its_time'),
        ),
        migrations.AddConstraint(
            model_name='video',
            constraint=models.CheckConstraint(condition=models.Q(('rating__lte', 5)), name='video_rating_0_to_5'),
        ),
        migrations.AddConstraint(
            model_name='video',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('published_at', None), ('published_by', None)), models.Q(('published_at__isnull', False), ('published_by__isnull', False), ('review', 'approved')), _connector='OR'), name='video_published_is_approved'),
        ),
        migrations.AddConstraint(
            model_name='collectionitem',
            constraint=models.UniqueConstraint(fields=('collection', 'video'), name='collection_item_once'),
        ),
        migrations.AddConstraint(
            model_name='favourite',
            constraint=models.UniqueConstraint(fields=('person', 'video'), name='favourite_once'),
        ),
        migrations.AddConstraint(
            model_name='savedsearch',
            constraint=models.UniqueConstraint(fields=('person', 'name'), name='saved_search_once_per_name'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('collection', None), ('search', ''), ('video__isnull', False)), models.Q(('collection__isnull', False), ('search', ''), ('video', None)), models.Q(('collection', None), ('video', None), models.Q(('search', ''), _negated=True)), _connector='OR'), name='share_of_one_thing'),
        ),
        migrations.AlterField(
            model_name='generationtask',
            name='remote_state',
            field=models.CharField(blank=True, help_text="The provider's word in its last answer.", max_length=50),
        ),
    ]
