"""The staff pages: Django's admin, one file a model. They call the lifecycle and contain no rules of their own.

django-q2's pages are removed: its schedule form runs any dotted name, its "resubmit" repeats jobs, and its failures
print tracebacks. So are django-otp's, which show keys and change second steps without a word in the audit. They are
imported here, so that they are registered before they are removed.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView
from django_otp.plugins.otp_static import admin as otp_static_admin
from django_otp.plugins.otp_totp import admin as otp_totp_admin
from django_q import admin as django_q_admin

from generations.admin import (
    audit,
    balances,
    budgets,
    campaigns,
    collections,
    endpoints,
    images,
    index,
    ledger,
    navigation,
    pages,
    pauses,
    people,
    prices,
    prompts,
    shares,
    tasks,
    videos,
    viewer,
)
from generations.catalog.sign_in_forms import StaffSignInForm

__all__ = [
    "audit",
    "balances",
    "pauses",
    "budgets",
    "campaigns",
    "collections",
    "django_q_admin",
    "endpoints",
    "images",
    "index",
    "ledger",
    "navigation",
    "otp_static_admin",
    "otp_totp_admin",
    "pages",
    "people",
    "prices",
    "prompts",
    "shares",
    "tasks",
    "videos",
    "viewer",
]

OTHERS = {"django_q", "otp_static", "otp_totp"}
for model in [model for model in admin.site._registry if model._meta.app_label in OTHERS]:
    admin.site.unregister(model)

admin.site.site_header = "Kling Studio"
admin.site.site_title = "Kling Studio"
admin.site.index_title = _("Studio")
admin.site.site_url = "/"
admin.site.empty_value_display = "–"
# Our first page, navigation and further pages. A site class of our own would need an AppConfig of its own.
admin.site.index = index.first_page  # type: ignore[method-assign]
admin.site.has_permission = viewer.may_enter  # type: ignore[method-assign]
admin.site.login_form = StaffSignInForm
admin.site.password_change = RedirectView.as_view(pattern_name="password")  # type: ignore[assignment,method-assign]
admin.site.each_context = navigation.each_context  # type: ignore[method-assign]
admin.site.get_urls = pages.urls  # type: ignore[method-assign]
