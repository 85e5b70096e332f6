"""The audit knows imports of prompts; no table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0038_notices'),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='action',
            field=models.CharField(choices=[('ordered', 'ordered'), ('canceled', 'canceled'), ('gave_id', "gave the provider's id"), ('closed', 'closed as not accepted'), ('waited', 'left undecided'), ('asked', 'requested a review'), ('approved', 'approved'), ('rejected', 'rejected'), ('cleared', 'cleared a decision'), ('sent_back', 'sent back'), ('published', 'published'), ('unpublished', 'unpublished'), ('shared', 'shared by a link'), ('revoked', 'revoked a link'), ('corrected', 'corrected a cost'), ('priced', 'added a price'), ('limited', 'set a budget'), ('paused', 'paused orders'), ('resumed', 'resumed orders'), ('granted', 'changed who may do or see what'), ('imported', 'imported prompts'), ('deleted', 'deleted')], max_length=20, verbose_name='action'),
        ),
    ]
