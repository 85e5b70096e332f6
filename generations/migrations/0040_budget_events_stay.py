"""Keep what a budget's history says when the budget is deleted."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

PERIODS = {"day": "per day", "month": "per month", "total": "in total"}


def name(apps: Any, schema_editor: Any) -> None:
    """Name the events that are there, as Budget.kept_name does."""
    events = apps.get_model("generations", "BudgetEvent").objects
    for budget in apps.get_model("generations", "Budget").objects.select_related("campaign", "person"):
        owner = budget.campaign.name if budget.campaign else budget.person.username if budget.person else "Whole site"
        money = ", practice money" if budget.practice else ""
        events.filter(budget=budget).update(name=f"{owner}, {PERIODS[budget.period]}{money}")


def forget(apps: Any, schema_editor: Any) -> None:
    """Delete the history of budgets that are gone: before, it went with them."""
    apps.get_model("generations", "BudgetEvent").objects.filter(budget=None).delete()


class Migration(migrations.Migration):
    dependencies = [("generations", "0039_imported_prompts")]
    operations = [
        migrations.AddField(
            "budgetevent",
            "name",
            models.CharField(default="", help_text="Of the budget, in English, for when it is gone.", max_length=300),
            preserve_default=False,
        ),
        migrations.AlterField(
            "budgetevent",
            "budget",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="generations.budget",
            ),
        ),
        migrations.AlterField(
            "budgetevent",
            "period",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="generations.budgetperiod",
            ),
        ),
        migrations.RunPython(name, forget),
    ]
