"""Prompts from a file and to a file: upload, preview with each row's problems, one button; export of a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from generations import clock
from generations.admin.base import person_of
from generations.library import prompt_files, prompt_import
from generations.library.prompt_files import Row
from generations.library.prompt_import import Checked
from generations.models import Prompt
from generations.reports.export import Table, as_csv, as_xlsx

SALT = "generations.prompt_import.2"
MAX_AGE = 3600  # seconds that a preview can be confirmed
MOST_EXPORTED = 20_000  # prompts of one file
SUFFIXES = ("csv", "xlsx")
LIST = "admin:generations_prompt_changelist"
CHANGED = _("Nothing was imported, as the library has changed since the preview. Check the rows again.")
TOO_OLD = _("Nothing was imported: this preview is more than an hour old, or not yours. Choose the file again.")


class UploadForm(forms.Form):
    """The file to import."""

    file = forms.FileField(label=_("File"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}))


@dataclass(frozen=True, slots=True)
class Preview:
    """The checked rows of a file, as the page shows them."""

    rows: list[Checked]
    name: str  # of the file

    @property
    def good(self) -> list[Checked]:
        return [checked for checked in self.rows if not checked.problems]

    @property
    def bad(self) -> list[Checked]:
        return [checked for checked in self.rows if checked.problems]

    @property
    def columns(self) -> list[str]:
        """The columns that any row has a text in."""
        used = {name for checked in self.rows for name, text in checked.row.cells.items() if text.strip()}
        return [name for name in prompt_files.COLUMNS if name in used or name == "text"]

    @property
    def lines(self) -> list[tuple[Checked, list[tuple[str, str, bool]]]]:
        """Each row with the name and text of its cells, and whether the cell is wrong."""
        return [
            (
                checked,
                [
                    (name, checked.row.cells.get(name, ""), any(each.column == name for each in checked.problems))
                    for name in self.columns
                ],
            )
            for checked in self.rows
        ]

    def token(self, request: HttpRequest) -> str:
        """Sign the rows for the person who sees them, with the number of good ones."""
        rows = [(checked.row.number, checked.row.cells, checked.row.broken) for checked in self.rows]
        content = {"by": person_of(request).pk, "rows": rows, "good": len(self.good), "name": self.name}
        return signing.dumps(content, salt=SALT, compress=True)


def urls(wrap: Callable[..., Any]) -> list[URLPattern]:
    """Return the paths below the list of prompts."""
    files = [(name, view, suffix) for name, view in (("export", export), ("example", example)) for suffix in SUFFIXES]
    return [
        path("import/", wrap(page), name="generations_prompt_import"),
        *(
            path(f"{name}.{suffix}", wrap(view), {"suffix": suffix}, name=f"generations_prompt_{name}_{suffix}")
            for name, view, suffix in files
        ),
    ]


def _may_import(request: HttpRequest) -> bool:
    """Return whether a person may add prompts and sees the list, to which one comes back."""
    prompts = admin.site.get_model_admin(Prompt)
    return prompts.has_add_permission(request) and prompts.has_view_permission(request)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Take a file, show what it would import, and import what is confirmed."""
    if not _may_import(request):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request, UploadForm())
    if "rows" in request.POST:
        return _confirm(request)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            file = form.cleaned_data["file"]
            rows = prompt_files.read(file.read(prompt_files.MAX_BYTES + 1))
            return _show(request, UploadForm(), Preview(prompt_import.check(rows, by=person_of(request)), file.name))
        except ValidationError as error:
            form.add_error("file", error.message_dict["file"])
    return _show(request, form)


def _confirm(request: HttpRequest) -> HttpResponse:
    """Import the good rows of a preview, if they are as many as it said, and leaving out the others was chosen."""
    try:
        content = signing.loads(request.POST["rows"], salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        content = {"by": None}
    if content["by"] != person_of(request).pk:
        messages.error(request, TOO_OLD)
        return redirect("admin:generations_prompt_import")
    rows = [Row(*row) for row in content["rows"]]
    preview = Preview(prompt_import.check(rows, by=person_of(request)), content["name"])
    agreed = not preview.bad or request.POST.get("import") == "good"
    if len(preview.good) != content["good"] or not preview.good or not agreed:
        messages.error(request, CHANGED)
        return _show(request, UploadForm(), preview)
    prompts = prompt_import.save(preview.good, at=clock.now(), by=person_of(request), name=preview.name)
    text = ngettext("{n} prompt imported.", "{n} prompts imported.", len(prompts)).format(n=len(prompts))
    if preview.bad:
        left_out = ngettext("Left out: row {rows}.", "Left out: rows {rows}.", len(preview.bad))
        text += f" {left_out.format(rows=', '.join(str(checked.row.number) for checked in preview.bad))}"
    messages.success(request, text)
    return redirect(LIST)


def _show(request: HttpRequest, form: UploadForm, preview: Preview | None = None) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": gettext("Import prompts"),
        "opts": Prompt._meta,
        "form": form,
        "preview": preview,
        "token": preview.token(request) if preview else "",
        "columns": prompt_files.COLUMNS,
        "most_rows": prompt_files.MAX_ROWS,
        "most_kb": prompt_files.MAX_BYTES // 1000,
    }
    return render(request, "admin/generations/prompt/import.html", context)


@require_safe
def export(request: HttpRequest, suffix: str) -> HttpResponseBase:
    """Send the prompts of a list as a file: all that the filters and the search of its address find."""
    prompts = admin.site.get_model_admin(Prompt)
    if not prompts.has_view_permission(request):
        raise PermissionDenied
    found = prompts.get_changelist_instance(request).get_queryset(request).values_list("pk", flat=True)
    ids = list(found[: MOST_EXPORTED + 1])
    if len(ids) > MOST_EXPORTED:
        text = gettext("At most {most} prompts are exported at a time, and this list has more. Narrow it by filters.")
        messages.warning(request, text.format(most=f"{MOST_EXPORTED:,}"))
        return redirect(f"{reverse(LIST)}?{request.GET.urlencode()}")
    rows = Prompt.objects.select_related("campaign").prefetch_related("tags").in_bulk(ids)
    return _file(prompt_files.table((rows[pk] for pk in ids), defused=suffix == "csv"), suffix)


@require_safe
def example(request: HttpRequest, suffix: str) -> HttpResponseBase:
    """Send a file to start from."""
    if not _may_import(request):
        raise PermissionDenied
    return _file(prompt_files.example(), suffix)


def _file(table: Table, suffix: str) -> HttpResponseBase:
    name = f"{table.slug}.{suffix}"
    if suffix == "xlsx":
        return FileResponse(as_xlsx(table), as_attachment=True, filename=name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(as_csv(table), content_type="text/csv; charset=utf-8", headers=headers)
