"""A page of another site cannot have somebody's browser change anything here: each form needs a token of ours."""

from __future__ import annotations

import pytest

from tests.roles.table import PAGES
from tests.roles.visitors import Visitor

# The secret is in the address, which a forger would need to know; no account plays a part.
BY_SECRET = ("s/", "webhooks/")


@pytest.mark.django_db
def test_no_address_takes_a_form_of_another_site() -> None:
    visitor, wrong = Visitor("superuser"), []
    visitor.client.handler.enforce_csrf_checks = True
    visitor.client.defaults["HTTP_ORIGIN"] = "https://evil.example"
    for route, cases in PAGES.items():
        for case in [] if route.startswith(BY_SECRET) else cases:
            answer, written = visitor.send("post", visitor.url(route, case), visitor.data(case))
            if written or answer.status_code not in (403, 404, 405):
                wrong.append(f"{route} answers {answer.status_code} and writes {written}")
    assert wrong == []
