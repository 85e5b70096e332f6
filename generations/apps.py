"""The one Django app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext

from generations import translation


class GenerationsConfig(AppConfig):
    name = "generations"

    def ready(self) -> None:
        translation.translate = gettext
        import_module("generations.checks")  # registers the system checks; needs loaded models
