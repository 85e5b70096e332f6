"""The ledger: what was held, charged and released, to read."""

from __future__ import annotations

from django.contrib import admin

from generations.admin import display
from generations.admin.base import ReadOnlyAdmin
from generations.models import LedgerEntry

WORDS = {"hold": "Reserved", "charge": "Spent", "release": "Released", "adjust": "Adjusted"}


@admin.register(LedgerEntry)
class LedgerAdmin(ReadOnlyAdmin):
    list_display = ["time", "word", "amount", "task_link", "by", "note"]
    list_display_links = None
    list_filter = ["kind", "practice", "task__provider", "task__model"]
    list_select_related = ["task", "by"]
    search_fields = ["note", "=task__id", "task__remote_id"]
    search_help_text = "A task's number, the provider's id, or words of the note."
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description="When", ordering="at")
    def time(self, entry: LedgerEntry) -> str:
        return display.when(entry.at)

    @admin.display(description="What", ordering="kind")
    def word(self, entry: LedgerEntry) -> str:
        return WORDS[entry.kind]

    @admin.display(description="Amount", ordering="amount_usd")
    def amount(self, entry: LedgerEntry) -> str:
        return display.money(entry.amount_usd, practice=entry.practice)

    @admin.display(description="Task", ordering="task")
    def task_link(self, entry: LedgerEntry) -> str:
        return display.link(entry.task)
