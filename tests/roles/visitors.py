"""A browser of someone, which opens what the table of pages names and undoes what that did."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from tests.roles.cases import Case
from tests.roles.needs import Someone
from tests.roles.rows import a_person, make_rows

WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')


class Visitor:
    """A browser of someone of a role, or of a certain person, and the rows that its addresses name."""

    def __init__(self, who: str | User) -> None:
        person = a_person(who) if isinstance(who, str) else who
        self.rows = make_rows(person)
        self.client = Client()
        if person:
            self.client.force_login(person)
        self.cookies = self.client.cookies.output(header="", sep=";")
        self.person, self.content = person, b""  # the second one is of the last answer, also of one that streams
        self.who = Someone.of(person)

    def __str__(self) -> str:
        return f"{self.person or 'anonymous'}"

    def send(self, method: str, url: str, data: dict[str, Any] | None = None) -> tuple[Any, list[str]]:
        """Send a request and undo what it did; return its response and the tables that it wrote."""
        written: list[str] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if (found := WRITE.match(sql)) and found[2] != "generations_session":
                written.append(f"{found[1]} {found[2]}")
            return execute(sql, params, many, context)

        with transaction.atomic(), connection.execute_wrapper(note):
            response = getattr(self.client, method)(url, data or {}, headers={"accept": "text/html"})
            self.content = b"".join(response)  # to its end, which closes it as the test's client does
            transaction.set_rollback(True)
        self.client.cookies = SimpleCookie(self.cookies)
        return response, written

    def url(self, route: str, case: Case) -> str:
        query = case.query.format(**self.rows)
        if query.startswith("/"):
            return query
        values = iter(case.on)
        return "/" + re.sub(r"<[^>]+>", lambda _: self.word(next(values)), route) + query

    def word(self, name: str) -> str:
        return self.rows.get(name, name)

    def data(self, case: Case) -> dict[str, Any]:
        def filled(value: Any) -> Any:
            return [filled(each) for each in value] if isinstance(value, list) else value.format(**self.rows)

        return {name: filled(value) for name, value in case.data.items()}
