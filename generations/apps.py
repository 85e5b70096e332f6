"""The one Django app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext, gettext_lazy

from generations import translation


class GenerationsConfig(AppConfig):
    name = "generations"
    verbose_name = gettext_lazy("Generations")

    def ready(self) -> None:
        translation.translate = gettext
        import_module("generations.checks")  # registers the system checks; needs loaded models
