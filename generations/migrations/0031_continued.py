import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("generations", "0030_first_versions")]

    operations = [
        migrations.AddField(
            model_name="generationtask",
            name="continued_from",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="continuations",
                to="generations.generationtask",
            ),
        ),
        migrations.AddField(
            model_name="generationtask",
            name="continued_at_seconds",
            field=models.FloatField(help_text="When its start image is shown in that task's clip.", null=True),
        ),
        migrations.AddConstraint(
            model_name="generationtask",
            constraint=models.CheckConstraint(
                condition=Q(continued_from=None, continued_at_seconds=None)
                | Q(continued_from__isnull=False, continued_at_seconds__isnull=False, continued_at_seconds__gte=0),
                name="task_continued_at_a_moment",
            ),
        ),
    ]
