"""The root of the URLs: Django's admin, and everything else from the app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/generations/reports/", include("generations.admin.reports")),  # before the admin, which takes the rest
    path("admin/new/", include("generations.admin.generate")),
    path("admin/new/rows/", include("generations.admin.rows")),
    path("admin/batches/", include("generations.admin.batches")),
    path("admin/", admin.site.urls),
    path("", include("generations.urls")),
]
