"""`manage.py remove_two_step`: let somebody sign in who lost their phone and their recovery codes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from generations import clock
from generations.catalog import second_step
from generations.management.commands._base import StudioCommand
from generations.models import Person


class Command(StudioCommand):
    help = "Remove a person's two-step sign-in and sign them out everywhere. Exit 2: refused, nothing was changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, **options: Any) -> None:
        name = options["username"]
        person = Person.objects.filter(username=name).first()
        if person is None:
            self.refuse({"username": [f"There is nobody called {name}."]}, as_json=False)
        if not second_step.remove(person, at=clock.now(), by=None):
            self.refuse({"username": [f"{name} has no two-step sign-in."]}, as_json=False)
        self.stdout.write(f"The password alone lets {name} in now.")
