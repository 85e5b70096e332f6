"""The buttons of a task of which the provider says the opposite of what its money was settled for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.admin import task_actions
from generations.lifecycle import late_words
from generations.models import GenerationTask
from generations.models.statuses import RELEASED
from generations.money import ledger


def of(task: GenerationTask) -> Iterator[dict[str, Any]]:
    """Yield what can be decided where the provider says the opposite of what the money was settled for."""
    if not late_words.was_contradicted(task):
        return
    if task.status in RELEASED:
        yield {
            "name": "charge", "label": _("Charge it after all"), "tone": "default",
            "form": task_actions.WhyForm(auto_id="charge_%s"),
            "hint": gettext(
                "Its money was released, and {provider} says now that it was made. Use this if their bill has it. The "
                "ledger gets a correction with your name and reason."
            ).format(provider=task.provider_name),
        }  # fmt: skip
    elif ledger.can_take_back(task):
        yield {
            "name": "refund", "label": _("Take the charge back"), "tone": "default",
            "form": task_actions.WhyForm(auto_id="refund_%s"),
            "hint": gettext(
                "It was charged as lost, and {provider} says now that it failed. Use this if their bill does not have "
                "it. The ledger gets a correction with your name and reason."
            ).format(provider=task.provider_name),
        }  # fmt: skip
    yield {
        "name": "keep", "label": _("Leave the money as it is"), "form": task_actions.WhyForm(auto_id="keep_%s"),
        "hint": _("Use this if the bill agrees with the ledger. The task no longer needs a person for this."),
    }  # fmt: skip
