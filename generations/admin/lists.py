"""Lists of rows that open fast however many rows there are: they count to a limit, and compute what is shown."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.functional import cached_property

from generations.admin import dates

MOST_COUNTED = 10_000  # rows that match: a list says "10,000+" of more, and offers no page behind them


class FastList(ChangeList):
    """A list that first reads the ids that match, then the rows of one page.

    So what a row's query joins or annotates is computed for one page only, unless people sort by it; and one query both
    counts and finds the page.
    """

    model_admin: Any  # a `base.ModelAdmin`
    result_list: Any
    has_more = False

    def get_filters(self, request: HttpRequest) -> Any:
        """Return Django's, whose values are among those offered. Raises: IncorrectLookupParameters."""
        found = super().get_filters(request)
        for spec in found[0]:
            if isinstance(spec, SimpleListFilter) and not getattr(spec, "takes_names", False):
                offered = {str(value) for value, __ in spec.lookup_choices}
                if spec.value() and spec.value() not in offered:
                    raise IncorrectLookupParameters
        return found

    def get_results(self, request: HttpRequest) -> None:
        ids = list(self.queryset.values_list("pk", flat=True)[: MOST_COUNTED + 1])
        self.has_more = len(ids) > MOST_COUNTED
        ids = ids[:MOST_COUNTED]
        self.paginator = self.model_admin.get_paginator(request, ids, self.list_per_page)
        self.result_count = len(ids)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.result_count <= self.list_max_show_all
        self.multi_page = self.result_count > self.list_per_page
        self.result_list = self._rows(ids if self._shows_all() else self._page())
        self.model_admin.attach_figures(request, self.result_list)

    @property
    def counted(self) -> str:
        """How many rows match: `42`, `10,000+`."""
        return f"{self.result_count:,}{'+' if self.has_more else ''}"

    @cached_property
    def dates(self) -> dict[str, Any]:
        return dates.choices(self)

    def _shows_all(self) -> bool:
        return not self.multi_page or (self.show_all and self.can_show_all)

    def _page(self) -> list[Any]:
        # Behind the last page is the last one: an action of the list may have emptied it.
        page = self.paginator.get_page(self.page_num)
        self.page_num = page.number
        return list(page.object_list)

    def _rows(self, ids: list[Any]) -> list[Any]:
        rows = self.root_queryset.order_by()
        if not rows.query.select_related:
            rows = self.apply_select_related(rows)
        found = {row.pk: row for row in rows.filter(pk__in=ids)}
        for row in found.values():
            row.way_back = f"?{self.preserved_filters}" if self.preserved_filters else ""
        return [found[pk] for pk in ids if pk in found]
