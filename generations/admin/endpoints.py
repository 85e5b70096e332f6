"""The pages of webhooks: addresses that are told what happens, their secret, shown once, and the log of tries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from generations import clock, wakeups
from generations.admin import display
from generations.admin.base import ModelAdmin, ModelForm, person_of
from generations.media.origins import NotAllowed
from generations.models import Action, AuditEntry, Endpoint, NoticeKind, WebhookTry
from generations.models.endpoints import ADDRESS_LENGTH
from generations.notices import sending
from generations.notices.posting import check_address

TRIES_SHOWN = 50


class EndpointForm(ModelForm):
    """An address that webhooks may go to, and what it is told."""

    address = forms.URLField(
        label=gettext_lazy("Address"), max_length=ADDRESS_LENGTH, assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds"), choices=NoticeKind.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Endpoint
        fields = ["address", "kinds", "active"]

    def clean_address(self) -> str:
        """Return the address. Raises: ValidationError for one to which no webhook may go."""
        address = str(self.cleaned_data["address"])
        try:
            check_address(address)
        except NotAllowed as error:
            raise forms.ValidationError(_("Give a public address that begins with https://.")) from error
        return address


@admin.register(Endpoint)
class EndpointAdmin(ModelAdmin):
    form = EndpointForm
    list_display = ["host", "told", "state", "last"]
    list_display_links = ["host"]
    search_fields = ["address"]
    changed_as = Action.GRANTED
    change_form_template = "admin/generations/endpoint/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/test/", wrap(self.send_test), name="generations_endpoint_test"),
            path("<int:pk>/secret/", wrap(self.new_secret), name="generations_endpoint_secret"),
            *super().get_urls(),
        ]

    def attach_figures(self, request: HttpRequest, rows: list[Endpoint]) -> None:
        for row in rows:
            row.last_try = None  # type: ignore[attr-defined]
        found = {row.pk: row for row in rows}
        newest = WebhookTry.objects.filter(pk__in=_newest(list(found))).select_related("message")
        for each in newest:
            found[each.message.endpoint_id].last_try = each  # type: ignore[attr-defined]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Offer one way to save: a new webhook leads to its secret."""
        own = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, {**own, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = person_of(request)
        if obj.active:
            obj.off_because = ""
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret at once: no message and no address could carry it."""
        return self._show_secret(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        endpoint = self.get_object(request, object_id)
        tries = WebhookTry.objects.filter(message__endpoint=endpoint).select_related("message__happening")
        log = [_line(each) for each in tries[:TRIES_SHOWN]] if endpoint else []
        own = {"log": log, "may_send": self.has_change_permission(request)}
        return super().change_view(request, object_id, form_url, {**own, **(extra_context or {})})

    @method_decorator(require_POST)
    def send_test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the worker send a test. Raises: PermissionDenied, Http404."""
        endpoint = self._changeable(request, pk)
        with transaction.atomic():
            sending.enqueue_test(endpoint, at=clock.now())
            wakeups.enqueue_notices()
        self.message_user(request, _("The test is on its way. Reload this page in a moment."), messages.SUCCESS)
        return redirect(endpoint)

    @method_decorator(require_POST)
    def new_secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Replace the secret and show the new one, once. Raises: PermissionDenied, Http404."""
        endpoint = self._changeable(request, pk)
        with transaction.atomic():
            endpoint.rotate()
            AuditEntry.objects.record(Action.GRANTED, endpoint, "a new secret", at=clock.now(), by=person_of(request))
        return self._show_secret(request, endpoint)

    def _changeable(self, request: HttpRequest, pk: int) -> Endpoint:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(Endpoint, pk=pk)

    def _show_secret(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The secret of this webhook"),
            "opts": self.opts,
            "endpoint": endpoint,
            "secret": endpoint.secret(),
        }
        return render(request, "admin/generations/endpoint/secret.html", context)

    @admin.display(description=gettext_lazy("Address"), ordering="address")
    def host(self, endpoint: Endpoint) -> str:
        return endpoint.host

    @admin.display(description=gettext_lazy("Told"))
    def told(self, endpoint: Endpoint) -> str:
        return ", ".join(str(kind.label) for kind in NoticeKind if kind in endpoint.kinds)

    @admin.display(description=gettext_lazy("State"), ordering="active")
    def state(self, endpoint: Endpoint) -> str:
        tone, word = ("good", _("active")) if endpoint.active else ("neutral", _("switched off"))
        return display.two_lines(
            format_html('<span class="badge badge-{}">{}</span>', tone, word), endpoint.off_because
        )

    @admin.display(description=gettext_lazy("Last try"))
    def last(self, endpoint: Any) -> str:
        each = endpoint.last_try
        if each is None:
            return display.EMPTY
        return display.two_lines(display.when(each.at), each.error or str(each.http_status))


def _newest(endpoints: list[int]) -> Any:
    """Return the last try of each endpoint."""
    tries = WebhookTry.objects.filter(message__endpoint__in=endpoints).order_by()
    return tries.values("message__endpoint").annotate(newest=Max("pk")).values("newest")


def _line(each: WebhookTry) -> dict[str, Any]:
    happening = each.message.happening
    return {
        "try": each,
        "when": display.when(each.at),
        "kind": NoticeKind(happening.kind).label if happening else _("A test"),
        "tone": "bad" if each.error else "good",
    }
